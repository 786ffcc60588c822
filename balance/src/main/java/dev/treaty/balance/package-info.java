/**
 * Load balancing: which instance gets the next attempt.
 *
 * <p>A {@link dev.treaty.balance.BalancedInstances} holds the instances of one service as its {@link dev.treaty.balance.BalancedInstance}s
 * and makes snapshots of them, the {@link dev.treaty.balance.Candidates}. Whatever lasts longer than a moment has
 * become a weight or an exclusion there: health, breakers, ejection ({@link dev.treaty.balance.EjectionPolicy}), slow
 * start ({@link dev.treaty.balance.SlowStartPolicy}), locality ({@link dev.treaty.balance.LocalityPolicy}), subsets and
 * routing rules ({@link dev.treaty.balance.RoutingPolicy}). Every exclusion has a reason.
 *
 * <p>A {@link dev.treaty.balance.LoadBalancer} picks among the candidates. Picking is apart from measuring: a {@link
 * dev.treaty.balance.Load} counts what is under way at one instance and how long calls take, and pickers only look.
 * {@link dev.treaty.balance.LoadBalancingPolicy} lists those that come with Treaty; your own is a lambda:
 *
 * {@snippet class="PickerExample" region="picker"}
 *
 * <p>Everything is set in a {@link dev.treaty.balance.BalancePolicy}, which may be replaced while calls are running.
 */
package dev.treaty.balance;
