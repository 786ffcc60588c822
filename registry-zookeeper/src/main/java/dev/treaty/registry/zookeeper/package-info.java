/**
 * Registries that are kept in <a href="https://zookeeper.apache.org">ZooKeeper</a>: {@code registry:
 * zookeeper://h1:2181,h2:2181,h3:2181}. The servers are of version 3.6 or newer.
 *
 * <p>With this module on the class path, a program finds it by itself. Everything stands below one node, {@code
 * /treaty} unless the address names another ({@code zookeeper://host:2181/prod}):
 *
 * <pre>
 * /treaty/epoch                          tells this data from any other
 * /treaty/ids/{id}                       who holds an id: owner and service; ephemeral
 * /treaty/instances/{service}            why the last instances left
 * /treaty/instances/{service}/{id}       the instance, as JSON; ephemeral
 * /treaty/contracts/{service}/{version}  the contract, as text
 * </pre>
 *
 * <p>The lease of an instance is the ZooKeeper session of its process. Where the session ended, the process registers
 * again in another. What it knows of others outlives any outage of ZooKeeper.
 *
 * {@snippet class="ZooKeeperExample" region="open"}
 */
@NullMarked
package dev.treaty.registry.zookeeper;

import org.jspecify.annotations.NullMarked;
