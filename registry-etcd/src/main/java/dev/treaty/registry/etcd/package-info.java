/**
 * Registries that are kept in <a href="https://etcd.io">etcd</a>: {@code registry: etcd://host:2379}.
 *
 * <p>With this module on the class path, a program finds it by itself. Everything stands below one prefix, {@code
 * /treaty} unless the address names another ({@code etcd://host:2379/prod}):
 *
 * <pre>
 * /treaty/epoch                          tells this data from any other
 * /treaty/ids/{id}                       who holds an id: owner and service; under a lease
 * /treaty/instances/{service}/{id}       the instance, as JSON; under the same lease
 * /treaty/contracts/{service}/{version}  the contract, as text
 * </pre>
 *
 * <p>One etcd lease carries all that a process registers. Where the lease ended, or etcd lost it, the process registers
 * again. What it knows of others outlives any outage of etcd.
 *
 * {@snippet class="EtcdExample" region="open"}
 */
@NullMarked
package dev.treaty.registry.etcd;

import org.jspecify.annotations.NullMarked;
