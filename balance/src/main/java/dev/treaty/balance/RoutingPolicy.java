package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.call.Headers;
import dev.treaty.core.contract.Description;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.core.text.Accepted;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which instances a call may be sent to. The first rule that matches a call decides; a call that matches no rule may be
 * sent to any instance. The policy can be replaced while calls are running.
 *
 * @param rules the rules in order
 */
public record RoutingPolicy(
        @Description("Rules, of which the first that matches a call decides.") @Accepted("up to 100")
        List<Rule> rules) {
    /** Every call to any instance. */
    public static final RoutingPolicy DEFAULT = new RoutingPolicy(List.of());

    /** The maximum number of rules. */
    public static final int RULES_MAX = 100;

    /** @throws IllegalArgumentException if there are too many rules */
    public RoutingPolicy {
        rules = List.copyOf(rules);
        PolicyChecks.within("the number of rules", rules.size(), 0, RULES_MAX);
    }

    /**
     * A routing rule: sends the calls that match a condition to certain instances, and copies of them to others.
     *
     * @param when the calls that match
     * @param to the destinations of these calls, in proportion to their weights. A destination without an instance that
     *     accepts calls is skipped. An empty list means any instance
     * @param mirror the destination of copies of these calls, if any
     */
    public record Rule(
            @Description("The calls that match.") Match when,

            @Description("The destinations of these calls, in proportion to their weights; none for any instance.")
            @Accepted("up to 20, not all of weight 0")
            List<Destination> to,

            @Description("Where copies of these calls go.") Optional<Mirror> mirror) {
        /** The maximum number of destinations of a rule. */
        public static final int DESTINATIONS_MAX = 20;

        /** For every call, to any instance. */
        public static final Rule DEFAULT = new Rule(Match.DEFAULT, List.of(), Optional.empty());

        /** @throws IllegalArgumentException if there are too many destinations, or all have the weight 0 */
        public Rule {
            to = List.copyOf(to);
            PolicyChecks.within("the number of destinations", to.size(), 0, DESTINATIONS_MAX);
            if (!to.isEmpty() && to.stream().allMatch(destination -> destination.weight() == 0)) {
                throw new IllegalArgumentException("to has no destination with a weight: give one of them more than 0");
            }
        }
    }

    /**
     * The condition of a rule: a call matches if all parts match.
     *
     * @param operation the name of the operation; empty for every operation
     * @param caller the first caller of the chain of calls; empty for every caller
     * @param headers headers and their values
     */
    public record Match(
            @Description("The name of the operation; empty for every one.") @Accepted("a name")
            String operation,

            @Description("The first caller of the chain of calls; empty for every one.") @Accepted("a name")
            String caller,

            @Description("Headers and their values, all of which the call has.")
            @Accepted("a group such as `{x-tester: \"yes\"}`")
            Map<String, String> headers) {
        /** Every call. */
        public static final Match DEFAULT = new Match("", "", Map.of());

        /** Converts header names to lower case. */
        public Match {
            headers = headers.entrySet().stream()
                    .collect(Collectors.toUnmodifiableMap(
                            e -> e.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue, (a, _) -> a));
        }

        /** Returns true if the call matches. */
        public boolean test(Call call) {
            if (!operation.isEmpty() && !operation.equals(call.operation().name())) {
                return false;
            }
            if (!caller.isEmpty() && !caller.equals(call.context().caller().name())) {
                return false;
            }
            Headers sent = call.context().headers();
            for (Map.Entry<String, String> header : headers.entrySet()) {
                if (!header.getValue().equals(sent.get(header.getKey()).orElse(null))) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * The instances that a rule sends calls to: those that match all parts.
     *
     * @param version a version or its beginning: {@code 1}, {@code 1.4}, {@code 1.4.2}; empty for every version
     * @param metadata entries in the instance's metadata
     * @param weight the share of the calls, relative to the other destinations
     */
    public record Destination(
            @Description("A version or its beginning; empty for every version.")
            @Accepted(pattern = "([0-9]{1,9}(\\.[0-9]{1,9}){0,2})?", value = "`\"1\"`, `\"1.4\"` or `\"1.4.2\"`")
            String version,

            @Description("Entries of the instance's metadata.") @Accepted("a group such as `{track: canary}`")
            Map<String, String> metadata,

            @Description("The share of the calls, relative to the other destinations.")
            @Accepted(min = "0", max = "1000000")
            int weight) {
        /** Every instance. */
        public static final Destination DEFAULT = new Destination("", Map.of(), 100);

        /** The maximum weight. */
        public static final int WEIGHT_MAX = 1_000_000;

        /** @throws IllegalArgumentException if the version is not a version, or the weight is out of range */
        public Destination {
            metadata = Map.copyOf(metadata);
            PolicyChecks.within("weight", weight, 0, WEIGHT_MAX);
            if (!version.isEmpty()) {
                Version.parse(version);
            }
        }

        /** Returns true if an instance matches. */
        public boolean test(ServiceInstance instance) {
            if (!version.isEmpty() && !(instance.version() + ".").startsWith(version + ".")) {
                return false;
            }
            return metadata.entrySet().stream()
                    .allMatch(e -> e.getValue().equals(instance.metadata().get(e.getKey())));
        }

        /** This destination with the default weight: equal for destinations with the same instances. */
        Destination unweighted() {
            return new Destination(version, metadata, DEFAULT.weight);
        }
    }

    /**
     * Sends copies of calls to other instances, to test them with real traffic. Only idempotent calls are copied; their
     * responses are discarded, and the original call does not wait for them.
     *
     * @param to the instances that get the copies
     * @param share the share of the calls, from 0 to 1
     */
    public record Mirror(
            @Description("The instances that get the copies.")
            Destination to,

            @Description("The share of the calls that are copied.") @Accepted(min = "0", max = "1")
            double share) {
        /** @throws IllegalArgumentException if the share is out of range */
        public Mirror {
            PolicyChecks.within("share", share, 0.0, 1.0);
        }
    }
}
