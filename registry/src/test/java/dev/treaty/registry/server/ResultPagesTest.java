package dev.treaty.registry.server;

import static dev.treaty.registry.Instances.ORDERS;
import static dev.treaty.registry.Instances.STARTED;
import static dev.treaty.registry.Instances.STOCK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.treaty.core.event.Events;
import dev.treaty.core.time.ManualTime;
import dev.treaty.registry.Instances;
import dev.treaty.registry.RegistryLimits;
import dev.treaty.registry.RegistryProtocol.Instance;
import dev.treaty.registry.RegistryProtocol.News;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Answers that would not fit into a body. */
class ResultPagesTest {
    private static final String TOKEN = "a-token-of-mine";
    private static final int HEAVY = 400;

    private final ManualTime time = new ManualTime(STARTED);
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, new Random(1));
    private final RegistryService registry = new RegistryService(table, time, Events.NONE);

    @AfterEach
    void close() {
        registry.close();
    }

    /** An instance with as much metadata as is allowed. */
    private void register(String id) {
        var heavy = Instances.of(ORDERS, id).withMetadata(Map.of("note", "x".repeat(8_000)));
        registry.register(Instance.of(heavy), TOKEN, 10_000);
    }

    private static int bytes(List<Instance> instances) {
        return instances.stream().mapToInt(i -> i.toString().length()).sum();
    }

    @Test
    void aSetThatDoesNotFitComesInPagesOfOneMoment() throws InterruptedException {
        var expected = new TreeSet<String>();
        for (int i = 0; i < HEAVY; i++) {
            register("a" + i);
            expected.add("a" + i);
        }
        News news = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "");
        var complete = news.complete().getFirst();
        var all = new ArrayList<>(complete.instances());
        assertThat(complete.next()).isNotEmpty();
        assertThat(bytes(complete.instances())).isLessThan(1 << 20);
        register("b-later");
        registry.deregister("a7", TOKEN);
        for (String next = complete.next(); !next.isEmpty(); ) {
            var page = registry.page(next);
            assertThat(bytes(page.instances())).isLessThan(1 << 20);
            assertThat(registry.page(next).instances()).as("asked again").isEqualTo(page.instances());
            all.addAll(page.instances());
            next = page.next();
        }

        assertThat(all).extracting(Instance::id).containsExactlyElementsOf(expected);
        var since = registry.watch(Map.of(ORDERS.value(), news.revision()), news.epoch(), 0, "");
        assertThat(since.changes()).as("what happened meanwhile follows").hasSize(2);
    }

    @Test
    void changesThatDoNotFitComeOneAnswerAfterTheOther() throws InterruptedException {
        News first = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "");
        for (int i = 0; i < HEAVY; i++) {
            register("a" + i);
        }
        var seen = new HashSet<String>();
        long revision = first.revision();
        int answers = 0;
        while (seen.size() < HEAVY) {
            News news = registry.watch(Map.of(ORDERS.value(), revision, STOCK.value(), 0L), first.epoch(), 0, "");
            assertThat(news.changes()).isNotEmpty();
            news.changes()
                    .forEach(change ->
                            assertThat(seen.add(change.instance().id())).isTrue());
            boolean cut = seen.size() < HEAVY;
            assertThat(news.later().isPresent())
                    .as("a whole set does not stand beside half of the changes")
                    .isEqualTo(cut);
            assertThat(news.complete()).hasSize(cut ? 0 : 1);
            revision = news.revision();
            answers++;
        }
        assertThat(answers).isGreaterThan(3);
        assertThat(revision).isEqualTo(table.catalog().revision());
    }

    @Test
    void aPageIsForgottenAfterAWhile() throws InterruptedException {
        for (int i = 0; i < HEAVY; i++) {
            register("a" + i);
        }
        String next = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "")
                .complete()
                .getFirst()
                .next();
        assertThat(registry.page(next).instances()).isNotEmpty();
        var pages = new ResultPages();
        var page = pages.first(table.catalog().roster(ORDERS), 1, "rest", 0);
        assertThat(page.instances()).hasSize(1);
        pages.forget(ResultPages.KEPT.toNanos() - 1);
        assertThat(pages.next("rest", "more", 0).instances()).isNotEmpty();
        pages.forget(ResultPages.KEPT.toNanos());
        assertThatThrownBy(() -> pages.next("rest", "more", 0)).hasMessageContaining("ask for the whole set again");
        assertThatThrownBy(() -> registry.page("made-up")).hasMessageContaining("ask for the whole set again");
    }

    @Test
    void aListIsReadOnFromBehindAnId() {
        for (int i = 0; i < HEAVY; i++) {
            register("a" + i);
        }
        var all = new ArrayList<Instance>();
        List<Instance> page;
        do {
            page = registry.instances(
                    ORDERS.value(), all.isEmpty() ? "" : all.getLast().id(), 1_000);
            all.addAll(page);
        } while (!page.isEmpty());

        assertThat(all)
                .extracting(Instance::id)
                .doesNotHaveDuplicates()
                .hasSize(HEAVY)
                .isSorted();
        assertThat(registry.instances(ORDERS.value(), "", 3)).hasSize(3);
        assertThatThrownBy(() -> registry.instances(ORDERS.value(), "", 0)).hasMessageContaining("max is 0");
    }
}
