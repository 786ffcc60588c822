package dev.treaty.client;

import dev.treaty.balance.BalancePolicy;
import dev.treaty.balance.BalanceSetup;
import dev.treaty.balance.FaultPolicy;
import dev.treaty.balance.LoadBalancer;
import dev.treaty.balance.RoutingPolicy;
import dev.treaty.config.BalanceSettings;
import dev.treaty.config.RequirementSettings;
import dev.treaty.config.Settings;
import dev.treaty.core.call.DecisionRecord;
import dev.treaty.core.contract.ServiceName;
import dev.treaty.resilience.GuardSettings;
import dev.treaty.resilience.IsolationLevel;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the steps after the guard apply to the calls of one service, from one change until the next. The guard passes it
 * on with its policies, so that each call has all of them from one change. What does not change keeps its identity, by
 * which the steps recognize it.
 *
 * @param generation the generation of the settings that were in force, from 1
 * @param balance how calls are distributed
 * @param requires which instances may be called, besides what the client's code requires
 * @param faults the faults that are injected
 */
public record CallSettings(long generation, BalanceSetup balance, RequirementSettings requires, FaultPolicy faults) {
    /** The settings of a service that is called for the first time. */
    static CallSettings of(long generation, BalanceSettings.OfService balancing, FaultPolicy faults) {
        return new CallSettings(
                generation, BalanceSetup.of(balancing.policy(), balancing.routing()), balancing.requires(), faults);
    }

    /** The settings of a call, as its guard has recorded them. */
    static CallSettings of(DecisionRecord call) {
        return (CallSettings) Objects.requireNonNull(guard(call).attachment());
    }

    /** Whether breakers are in force for a call. */
    static boolean guarded(DecisionRecord call) {
        return guard(call).tolerance().level().includes(IsolationLevel.ENHANCED);
    }

    private static GuardSettings guard(DecisionRecord call) {
        return (GuardSettings) Objects.requireNonNull(call.settings());
    }

    /** Returns these settings in another generation. What that does not change stays, also if code has changed it. */
    CallSettings next(long number, ServiceName service, Settings before, Settings changed) {
        var old = before.balance().service(service);
        var now = changed.balance().service(service);
        CallSettings next = old.policy().equals(now.policy()) && old.routing().equals(now.routing())
                ? this
                : with(now.policy(), now.routing());
        boolean sameFaults = before.faults().client().equals(changed.faults().client());
        return new CallSettings(
                number,
                next.balance,
                old.requires().equals(now.requires()) ? requires : now.requires(),
                sameFaults ? faults : new FaultPolicy(changed.faults().client()));
    }

    /** Returns these settings with another policy and other rules. */
    CallSettings with(BalancePolicy policy, RoutingPolicy rules) {
        boolean same = balance.policy().equals(policy) && balance.rules().equals(rules);
        return same ? this : with(new BalanceSetup(policy, rules, balance.custom()));
    }

    /** Returns these settings with a custom load balancer; null for that of the policy. */
    CallSettings with(@Nullable LoadBalancer custom) {
        return with(new BalanceSetup(balance.policy(), balance.rules(), custom));
    }

    private CallSettings with(BalanceSetup changed) {
        return new CallSettings(generation, changed, requires, faults);
    }

    /** Returns these settings with other faults. */
    CallSettings with(FaultPolicy changed) {
        return new CallSettings(generation, balance, requires, changed);
    }
}
