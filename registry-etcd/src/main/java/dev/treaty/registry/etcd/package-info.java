/**
 * Keeps a registry in <a href="https://etcd.io">etcd</a>: {@code registry: etcd://host:2379}.
 *
 * <p>A program finds this module through {@link java.util.ServiceLoader} if it is on the class path. All keys have one
 * prefix, {@code /treaty} unless the address has another ({@code etcd://host:2379/prod}):
 *
 * <pre>
 * /treaty/epoch                          distinguishes this data from that of an etcd that was reset
 * /treaty/ids/{id}                       the holder of an id, owner and service; under a lease
 * /treaty/instances/{service}/{id}       the instance, as JSON; under the same lease
 * /treaty/watchers/{service}/{process}   the states that a watching process acknowledges; under its lease
 * /treaty/contracts/{service}/{version}  the contract, as text
 * </pre>
 *
 * <p>One etcd lease holds everything that a process registers. If the lease expires or etcd loses it, the process
 * registers again. The instances that a process knows remain available during an outage of etcd.
 *
 * {@snippet class="EtcdExample" region="open"}
 */
@NullMarked
package dev.treaty.registry.etcd;

import org.jspecify.annotations.NullMarked;
