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
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ResultPagesTest {
    private static final String TOKEN = "my-token";
    /** More instances with {@link #METADATA_LENGTH} characters than fit into three answers. */
    private static final int MANY = 400;

    private static final int METADATA_LENGTH = 8_000;

    private final ManualTime time = new ManualTime(STARTED);
    private final RegistryTable table = new RegistryTable(RegistryLimits.STANDARD, new Random(1));
    private final RegistryService registry = new RegistryService(table, time, Events.NONE);

    @AfterEach
    void close() {
        registry.close();
    }

    /** Registers an instance with almost as much metadata as is allowed. */
    private void register(String id) {
        var large = Instances.of(ORDERS, id).withMetadata(Map.of("note", "x".repeat(METADATA_LENGTH)));
        registry.register(Instance.of(large), TOKEN, 10_000);
    }

    private static int bytes(List<Instance> instances) {
        return instances.stream().mapToInt(i -> i.toString().length()).sum();
    }

    @Test
    void a_list_that_does_not_fit_is_sent_in_pages_of_one_moment() throws InterruptedException {
        var expected = new TreeSet<String>();
        for (int i = 0; i < MANY; i++) {
            register("a" + i);
            expected.add("a" + i);
        }
        News news = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "");
        var complete = news.complete().getFirst();
        var all = new ArrayList<>(complete.instances());
        assertThat(complete.next()).isNotEmpty();
        assertThat(bytes(complete.instances())).isLessThan(ResultPages.PAGE_BYTES);
        register("b-later");
        registry.deregister("a7", TOKEN);
        for (String next = complete.next(); !next.isEmpty(); ) {
            var page = registry.page(next);
            assertThat(bytes(page.instances())).isLessThan(ResultPages.PAGE_BYTES);
            assertThat(registry.page(next).instances()).as("requested again").isEqualTo(page.instances());
            all.addAll(page.instances());
            next = page.next();
        }

        assertThat(all).extracting(Instance::id).containsExactlyElementsOf(expected);
        var since = registry.watch(Map.of(ORDERS.value(), news.revision()), news.epoch(), 0, "");
        assertThat(since.changes()).as("later changes follow").hasSize(2);
    }

    @Test
    void changes_that_do_not_fit_are_sent_in_several_answers() throws InterruptedException {
        News first = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "");
        for (int i = 0; i < MANY; i++) {
            register("a" + i);
        }
        var seen = new HashSet<String>();
        long revision = first.revision();
        int answers = 0;
        while (seen.size() < MANY) {
            News news = registry.watch(Map.of(ORDERS.value(), revision, STOCK.value(), 0L), first.epoch(), 0, "");
            assertThat(news.changes()).isNotEmpty();
            news.changes()
                    .forEach(change ->
                            assertThat(seen.add(change.instance().id())).isTrue());
            boolean cut = seen.size() < MANY;
            assertThat(news.later().isPresent())
                    .as("a complete list is not sent with a part of the changes")
                    .isEqualTo(cut);
            assertThat(news.complete()).hasSize(cut ? 0 : 1);
            revision = news.revision();
            answers++;
        }
        assertThat(answers).isGreaterThan(3);
        assertThat(revision).isEqualTo(table.changes().revision());
    }

    @Test
    void a_page_expires() throws InterruptedException {
        for (int i = 0; i < MANY; i++) {
            register("a" + i);
        }
        String next = registry.watch(Map.of(ORDERS.value(), 0L), "", 0, "")
                .complete()
                .getFirst()
                .next();
        assertThat(registry.page(next).instances()).isNotEmpty();
        var pages = new ResultPages();
        var page = pages.first(table.changes().instances(ORDERS), 1, "rest", 0);
        assertThat(page.instances()).hasSize(1);
        pages.removeExpired(ResultPages.RETENTION.toNanos() - 1);
        assertThat(pages.next("rest", ResultPages.PAGE_BYTES, "more", 0).instances())
                .isNotEmpty();
        pages.removeExpired(ResultPages.RETENTION.toNanos());
        assertThatThrownBy(() -> pages.next("rest", ResultPages.PAGE_BYTES, "more", 0))
                .hasMessageContaining("request the whole list again");
        assertThatThrownBy(() -> registry.page("made-up")).hasMessageContaining("request the whole list again");
    }

    @Test
    void instances_are_listed_page_by_page() {
        for (int i = 0; i < MANY; i++) {
            register("a" + i);
        }
        var all = new ArrayList<Instance>();
        List<Instance> page;
        do {
            page = registry.instances(
                    ORDERS.value(), all.isEmpty() ? "" : all.getLast().id(), 1_000, Optional.empty());
            all.addAll(page);
        } while (!page.isEmpty());

        assertThat(all)
                .extracting(Instance::id)
                .doesNotHaveDuplicates()
                .hasSize(MANY)
                .isSorted();
        assertThat(registry.instances(ORDERS.value(), "", 3, Optional.empty())).hasSize(3);
        assertThatThrownBy(() -> registry.instances(ORDERS.value(), "", 0, Optional.empty()))
                .hasMessageContaining("max is 0");
    }
}
