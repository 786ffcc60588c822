package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Mirror;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.core.call.Call;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The candidates for each destination that the rules name, as they are now, and which of them a call gets. */
final class Routing {
    private final List<Route> routes;
    private final Candidates all;

    private record Route(
            Rule rule, List<Way> ways, @Nullable Candidates mirror) {}

    private record Way(int weight, Candidates candidates) {}

    Routing(RoutingPolicy policy, Candidates all, Map<Destination, Candidates> byDestination) {
        this.all = all;
        routes = new ArrayList<>();
        for (Rule rule : policy.rules()) {
            List<Way> ways = rule.to().stream()
                    .map(to -> new Way(to.weight(), candidates(byDestination, to)))
                    .toList();
            Candidates mirror =
                    rule.mirror().map(m -> candidates(byDestination, m.to())).orElse(null);
            routes.add(new Route(rule, ways, mirror));
        }
    }

    private static Candidates candidates(Map<Destination, Candidates> byDestination, Destination to) {
        Candidates known = byDestination.get(unweighted(to));
        if (known == null) {
            throw new IllegalStateException("no candidates for " + to);
        }
        return known;
    }

    /** The destinations of all rules, whatever their weights. */
    static Set<Destination> destinations(RoutingPolicy policy) {
        var destinations = new LinkedHashSet<Destination>();
        for (Rule rule : policy.rules()) {
            rule.to().forEach(to -> destinations.add(unweighted(to)));
            rule.mirror().ifPresent(mirror -> destinations.add(unweighted(mirror.to())));
        }
        return destinations;
    }

    private static Destination unweighted(Destination to) {
        return new Destination(to.version(), to.metadata(), Destination.DEFAULT.weight());
    }

    Candidates all() {
        return all;
    }

    /** Those that the call may be for. */
    Candidates candidates(Call call, RandomGenerator random) {
        if (routes.isEmpty()) {
            return all;
        }
        Route route = route(call);
        return route == null || route.ways.isEmpty() ? all : split(route.ways, random);
    }

    /** Those of whom one gets a copy of the call; null where none does. */
    @Nullable
    Candidates mirror(Call call, RandomGenerator random) {
        if (routes.isEmpty() || !call.operation().idempotent()) {
            return null;
        }
        Route route = route(call);
        if (route == null || route.mirror == null) {
            return null;
        }
        Optional<Mirror> mirror = route.rule.mirror();
        return mirror.isPresent() && random.nextDouble() < mirror.get().share() ? route.mirror : null;
    }

    private @Nullable Route route(Call call) {
        for (Route route : routes) {
            if (route.rule.when().test(call)) {
                return route;
            }
        }
        return null;
    }

    private static Candidates split(List<Way> ways, RandomGenerator random) {
        if (ways.size() == 1) {
            return ways.getFirst().candidates;
        }
        long sum = 0;
        for (Way way : ways) {
            sum += way.candidates.eligible() > 0 ? way.weight : 0;
        }
        if (sum == 0) {
            return ways.getFirst().candidates;
        }
        long at = random.nextLong(sum);
        for (Way way : ways) {
            at -= way.candidates.eligible() > 0 ? way.weight : 0;
            if (at < 0) {
                return way.candidates;
            }
        }
        return ways.getLast().candidates;
    }

    /** Candidates by destination, of those that the rules name. */
    static Map<Destination, Candidates> byDestination(RoutingPolicy policy, Function<Destination, Candidates> make) {
        var map = new HashMap<Destination, Candidates>();
        destinations(policy).forEach(to -> map.put(to, make.apply(to)));
        return map;
    }
}
