/**
 * Keeps a registry in <a href="https://zookeeper.apache.org">ZooKeeper</a> 3.6 or newer: {@code registry:
 * zookeeper://h1:2181,h2:2181,h3:2181}.
 *
 * <p>A program finds this module through {@link java.util.ServiceLoader} if it is on the class path. All nodes have one
 * parent, {@code /treaty} unless the address has another ({@code zookeeper://host:2181/prod}):
 *
 * <pre>
 * /treaty/epoch                          distinguishes this data from that of a ZooKeeper that was reset
 * /treaty/ids/{id}                       the holder of an id, owner and service; ephemeral
 * /treaty/instances/{service}            why the last instances were removed
 * /treaty/instances/{service}/{id}       the instance, as JSON; ephemeral
 * /treaty/watchers/{service}/{process}   the states that a watching process acknowledges; ephemeral
 * /treaty/contracts/{service}/{version}  the contract, as text
 * </pre>
 *
 * <p>The lease of an instance is the ZooKeeper session of its process. If the session expires, the process registers
 * again in another session. The instances that a process knows remain available during an outage of ZooKeeper.
 *
 * {@snippet class="ZooKeeperExample" region="open"}
 */
@NullMarked
package dev.treaty.registry.zookeeper;

import org.jspecify.annotations.NullMarked;
