package dev.treaty.balance;

import dev.treaty.balance.RoutingPolicy.Destination;
import dev.treaty.balance.RoutingPolicy.Match;
import dev.treaty.balance.RoutingPolicy.Rule;
import dev.treaty.core.call.Call;
import java.util.List;
import java.util.function.Function;
import java.util.random.RandomGenerator;

/** The routing rules with the current candidates of each destination. */
final class Routing<M extends BalancedInstance> {
    /** The setup that it was made of. */
    final BalanceSetup setup;

    private final Selection<M> all;
    private final List<Route<M>> routes;

    private record Route<M extends BalancedInstance>(Match when, List<Split<M>> splits) {}

    private record Split<M extends BalancedInstance>(int weight, Selection<M> selection) {
        int effectiveWeight() {
            return selection.candidates().eligible() > 0 ? weight : 0;
        }
    }

    Routing(BalanceSetup setup, Candidates<M> all, Function<Destination, Candidates<M>> candidates) {
        this.setup = setup;
        this.all = new Selection<>(all, null, 0);
        this.routes = setup.rules().rules().stream()
                .map(rule -> new Route<>(rule.when(), splits(rule, all, candidates)))
                .toList();
    }

    private static <M extends BalancedInstance> List<Split<M>> splits(
            Rule rule, Candidates<M> all, Function<Destination, Candidates<M>> candidates) {
        Candidates<M> mirror = rule.mirror().map(m -> candidates.apply(m.to())).orElse(null);
        double share = rule.mirror().map(RoutingPolicy.Mirror::share).orElse(0.0);
        return rule.to().isEmpty()
                ? List.of(new Split<>(1, new Selection<>(all, mirror, share)))
                : rule.to().stream()
                        .map(to -> new Split<>(to.weight(), new Selection<>(candidates.apply(to), mirror, share)))
                        .toList();
    }

    /** The candidates of every call, without regard to the rules. */
    Candidates<M> all() {
        return all.candidates();
    }

    Selection<M> select(Call call, RandomGenerator random) {
        for (int i = 0; i < routes.size(); i++) { // no iterator: selecting allocates nothing
            if (routes.get(i).when.test(call)) {
                return split(routes.get(i).splits, random);
            }
        }
        return all;
    }

    private static <M extends BalancedInstance> Selection<M> split(List<Split<M>> splits, RandomGenerator random) {
        long sum = 0;
        for (Split<M> split : splits) {
            sum += split.effectiveWeight();
        }
        if (splits.size() > 1 && sum > 0) {
            long at = random.nextLong(sum);
            for (Split<M> split : splits) {
                at -= split.effectiveWeight();
                if (at < 0) {
                    return split.selection;
                }
            }
        }
        return splits.getFirst().selection;
    }
}
