/**
 * The client side of Treaty: what one process keeps for each service that it calls.
 *
 * <p>A {@link dev.treaty.client.ServiceCaller} holds the instances ({@link dev.treaty.client.Nodes}), the guard and
 * the pipeline of one service; all clients of that service share it. {@link dev.treaty.client.BalancingHandler}
 * selects a {@link dev.treaty.client.Node} for each attempt, {@link dev.treaty.client.CompatibilityFilter} excludes
 * instances whose contract does not fit the client's, and {@link dev.treaty.client.Fallbacks} answers calls that the
 * service cannot. {@code dev.treaty.Treaty} creates these objects; nothing else does.
 */
package dev.treaty.client;
