package dev.treaty.registry.client;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.DiscoveryEvent.Added;
import dev.treaty.core.discovery.DiscoveryEvent.Removed;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.Instances;
import dev.treaty.registry.RegistryProtocol.Change;
import dev.treaty.registry.RegistryProtocol.Complete;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.News;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WatchStateTest {
    private static final ServiceInstance A = Instances.of(ORDERS, "a");
    private static final ServiceInstance B = Instances.of(ORDERS, "b");

    private static News news(String epoch, long revision, List<Complete> complete, List<Change> changes) {
        return new News(epoch, revision, complete, changes, Optional.empty(), Optional.empty());
    }

    private static List<Complete> complete(ServiceName service, ServiceInstance... instances) {
        return List.of(new Complete(
                service.value(), Arrays.stream(instances).map(Instance::of).toList(), ""));
    }

    private static WatchState.Update apply(WatchState state, News news, ServiceInstance... known) {
        return state.apply(state.revisions(), news, _ -> List.of(known), STARTED);
    }

    private static WatchState loaded() {
        return apply(WatchState.EMPTY.with(ORDERS), news("one", 5, complete(ORDERS, A, B), List.of()))
                .state();
    }

    @Test
    void a_complete_list_adds_its_instances_and_removes_others() {
        var update = apply(WatchState.EMPTY.with(ORDERS), news("one", 5, complete(ORDERS, A), List.of()), B);

        assertThat(update.events())
                .containsExactly(
                        new Added(A, STARTED),
                        new Removed(B, "gone while the registry could not be followed", STARTED));
        assertThat(update.answered()).containsExactly(ORDERS);
        assertThat(update.state().epoch()).isEqualTo("one");
        assertThat(update.state().revisions()).isEqualTo(Map.of(ORDERS, 5L));
    }

    @Test
    void changes_are_applied_in_their_order() {
        var removed = new Removed(A, "closed", STARTED);
        var update = apply(
                loaded(), news("one", 7, List.of(), List.of(Change.of(new Added(B, STARTED)), Change.of(removed))));

        assertThat(update.events()).containsExactly(new Added(B, STARTED), removed);
        assertThat(update.state().revisions()).isEqualTo(Map.of(ORDERS, 7L));
    }

    @Test
    void instances_that_a_restarted_registry_does_not_list_are_kept_for_a_while() {
        var restarted = apply(loaded(), news("two", 2, complete(ORDERS, A), List.of()), A, B);
        assertThat(restarted.events())
                .containsExactly(
                        new Added(A, STARTED),
                        new Removed(B, "did not register again after the registry restarted", STARTED));

        var again = apply(restarted.state(), news("two", 9, complete(ORDERS, A), List.of()), A);
        assertThat(again.events()).as("still kept").containsExactly(new Added(A, STARTED));

        var back = apply(restarted.state(), news("two", 3, List.of(), List.of(Change.of(new Added(B, STARTED)))), A);
        assertThat(back.events()).containsExactly(new Added(B, STARTED));
    }

    @Test
    void a_restart_resets_the_revisions_of_services_that_the_answer_does_not_cover() {
        var both = loaded().with(STOCK);
        var update = both.apply(Map.of(STOCK, 0L), news("two", 3, complete(STOCK), List.of()), _ -> List.of(), STARTED);

        assertThat(update.state().revisions()).isEqualTo(Map.of(ORDERS, 0L, STOCK, 3L));
        assertThat(update.state().restarted()).containsExactly(ORDERS);
    }

    @Test
    void an_answer_to_an_outdated_request_changes_nothing() {
        var followedAgain = loaded().without(ORDERS).with(ORDERS);
        var update = followedAgain.apply(
                Map.of(ORDERS, 5L),
                news("one", 7, List.of(), List.of(Change.of(new Added(B, STARTED)))),
                _ -> List.of(),
                STARTED);

        assertThat(update.events()).isEmpty();
        assertThat(update.answered()).isEmpty();
        assertThat(update.state().revisions()).isEqualTo(Map.of(ORDERS, 0L));
    }

    @Test
    void services_that_are_later_or_unclear_keep_their_revisions() {
        var all = loaded().with(STOCK);
        var news = new News(
                "one",
                9,
                List.of(),
                List.of(),
                Optional.of(List.of(ORDERS.value())),
                Optional.of(Map.of(STOCK.value(), "no permission")));
        var update = apply(all, news);

        assertThat(update.answered()).isEmpty();
        assertThat(update.state().revisions()).isEqualTo(Map.of(ORDERS, 5L, STOCK, 0L));
        assertThat(update.state().unclear()).isEqualTo(Map.of(STOCK, "no permission"));
    }
}
