/**
 * Load balancing: selects the instance for each attempt of a call.
 *
 * <p>{@link dev.treaty.balance.BalancedInstances} holds the instances of one service as {@link
 * dev.treaty.balance.BalancedInstance}s and creates snapshots of them, the {@link dev.treaty.balance.Candidates}.
 * Everything that does not change from moment to moment is a weight or an exclusion there: health, breakers, ejection
 * ({@link dev.treaty.balance.EjectionPolicy}), slow start ({@link dev.treaty.balance.SlowStartPolicy}), locality
 * ({@link dev.treaty.balance.LocalityPolicy}), subsets and routing rules ({@link dev.treaty.balance.RoutingPolicy}).
 * Every exclusion has a reason.
 *
 * <p>A {@link dev.treaty.balance.LoadBalancer} picks one of the candidates. Picking is separate from measuring: a
 * {@link dev.treaty.balance.Load} counts the calls in flight at one instance and measures their latency, and load
 * balancers only read it. {@link dev.treaty.balance.LoadBalancingPolicy} lists the load balancers of Treaty; a custom
 * one is a lambda:
 *
 * {@snippet class="LoadBalancerExample" region="balancer"}
 *
 * <p>A {@link dev.treaty.balance.BalancePolicy} configures all of this and can be replaced while calls are running.
 */
package dev.treaty.balance;
