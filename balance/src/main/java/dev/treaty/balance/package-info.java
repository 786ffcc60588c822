/**
 * Load balancing: which instance gets the next attempt.
 *
 * <p>A {@link dev.treaty.balance.LoadBalancer} picks among {@link dev.treaty.balance.Candidates}, an unchanging
 * snapshot of the instances whose loads are read live. Picking is apart from measuring: the client's nodes count what
 * is under way and know their breakers, pickers only look. Because a breaker's state is visible here, a picker never
 * keeps choosing an instance that would refuse. Your own picker is a lambda:
 *
 * {@snippet class="PickerExample" region="picker"}
 */
package dev.treaty.balance;
