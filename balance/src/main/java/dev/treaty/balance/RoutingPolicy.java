package dev.treaty.balance;

import dev.treaty.core.call.Call;
import dev.treaty.core.contract.Version;
import dev.treaty.core.discovery.ServiceInstance;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Which instances a call may be for. The first rule that matches a call decides; a call that none matches may go to any
 * instance. It may be replaced while calls are running.
 *
 * @param rules in order
 */
public record RoutingPolicy(List<Rule> rules) {
    /** Every call to any instance. */
    public static final RoutingPolicy DEFAULT = new RoutingPolicy(List.of());

    /** The most rules. */
    public static final int RULES_MAX = 100;

    /** @throws IllegalArgumentException where there are too many rules */
    public RoutingPolicy {
        rules = List.copyOf(rules);
        PolicyChecks.within("the number of rules", rules.size(), 0, RULES_MAX);
    }

    /**
     * A rule.
     *
     * @param when which calls it is for
     * @param to where they go: to one of these, as often as their weights say. One without any instance that takes
     *     calls is passed over for the others. None at all is any instance
     * @param mirror to whom copies go, if anywhere
     */
    public record Rule(Match when, List<Destination> to, Optional<Mirror> mirror) {
        /** The most destinations of a rule. */
        public static final int DESTINATIONS_MAX = 20;

        /** For every call, to any instance. */
        public static final Rule DEFAULT = new Rule(Match.DEFAULT, List.of(), Optional.empty());

        /** @throws IllegalArgumentException where there are too many destinations, or all have the weight 0 */
        public Rule {
            to = List.copyOf(to);
            PolicyChecks.within("the number of destinations", to.size(), 0, DESTINATIONS_MAX);
            if (!to.isEmpty() && to.stream().allMatch(destination -> destination.weight() == 0)) {
                throw new IllegalArgumentException("to has no destination with a weight: give one of them more than 0");
            }
        }
    }

    /**
     * Which calls; everything that is said must hold.
     *
     * @param operation the name of the operation; empty for every one
     * @param caller who began the chain of calls; empty for everyone
     * @param headers headers and their values
     */
    public record Match(String operation, String caller, Map<String, String> headers) {
        /** Every call. */
        public static final Match DEFAULT = new Match("", "", Map.of());

        /** Takes the names of headers in small letters. */
        public Match {
            headers = headers.entrySet().stream()
                    .collect(Collectors.toUnmodifiableMap(
                            e -> e.getKey().toLowerCase(Locale.ROOT), Map.Entry::getValue, (a, _) -> a));
        }

        /** Whether it is that call. */
        public boolean test(Call call) {
            if (!operation.isEmpty() && !operation.equals(call.operation().name())) {
                return false;
            }
            if (!caller.isEmpty() && !caller.equals(call.context().caller().name())) {
                return false;
            }
            Map<String, String> sent = call.context().headers();
            for (Map.Entry<String, String> header : headers.entrySet()) {
                if (!header.getValue().equals(sent.get(header.getKey()))) {
                    return false;
                }
            }
            return true;
        }
    }

    /**
     * Some of the instances; everything that is said must hold.
     *
     * @param version a version or the beginning of one: {@code 1}, {@code 1.4}, {@code 1.4.2}; empty for every one
     * @param metadata entries that the instance has
     * @param weight how many of the calls, compared with the other destinations
     */
    public record Destination(String version, Map<String, String> metadata, int weight) {
        /** Every instance. */
        public static final Destination DEFAULT = new Destination("", Map.of(), 100);

        /** The largest weight. */
        public static final int WEIGHT_MAX = 1_000_000;

        /** @throws IllegalArgumentException where the version is none, or the weight out of range */
        public Destination {
            metadata = Map.copyOf(metadata);
            PolicyChecks.within("weight", weight, 0, WEIGHT_MAX);
            if (!version.isEmpty()) {
                Version.parse(version);
            }
        }

        /** Whether an instance is one of them. */
        public boolean test(ServiceInstance instance) {
            if (!version.isEmpty() && !(instance.version() + ".").startsWith(version + ".")) {
                return false;
            }
            return metadata.entrySet().stream()
                    .allMatch(e -> e.getValue().equals(instance.metadata().get(e.getKey())));
        }

        @Override
        public String toString() {
            return (version.isEmpty() ? "any version" : "version " + version)
                    + (metadata.isEmpty() ? "" : " with " + metadata);
        }
    }

    /**
     * Copies of calls, sent to instances that are to be tried out. Only idempotent calls are copied; the answers are
     * thrown away, and the call does not wait for them.
     *
     * @param to the instances that get them
     * @param share of the calls, from 0 to 1
     */
    public record Mirror(Destination to, double share) {
        /** @throws IllegalArgumentException where the share is out of range */
        public Mirror {
            PolicyChecks.within("share", share, 0, 1);
        }
    }
}
