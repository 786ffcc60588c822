/**
 * The client side of Treaty: what one process keeps for each service that it calls.
 *
 * <p>{@link dev.treaty.client.Callers} creates one {@link dev.treaty.client.ServiceCaller} for each called service,
 * with the instances ({@link dev.treaty.client.Nodes}), the guard and the pipelines; all clients of that service share
 * it. {@link dev.treaty.client.BalancingHandler} selects a {@link dev.treaty.client.Node} for each attempt, a
 * compatibility filter excludes instances whose contract is not compatible with the client's, and {@link
 * dev.treaty.client.Fallbacks} respond to calls that fail. {@code dev.treaty.Treaty} creates these objects; nothing
 * else does.
 */
package dev.treaty.client;
