package dev.treaty.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.treaty.config.CentralSettings.Change;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.SettingsStore;
import dev.treaty.core.discovery.SettingsStore.Stored;
import dev.treaty.core.discovery.Subscription;
import dev.treaty.core.event.Events;
import dev.treaty.core.event.RuntimeDependencies;
import dev.treaty.core.text.PrintableText;
import dev.treaty.core.time.Time;
import dev.treaty.registry.EmbeddedRegistry;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class CentralSettingsTest {
    private static final Instant NOW = Instant.parse("2026-11-30T10:00:00Z");
    private static final String DEADLINE = "services.shop.Orders.deadline";
    private static final String RETRY = "services.shop.Orders.retry.attempts";

    private static CentralSettings set(CentralSettings before, String key, String value) {
        return before.set(key, value, "alice", "too slow", NOW, Optional.empty());
    }

    /** Returns the values in effect. */
    private static Map<String, String> values(CentralSettings settings, Instant now) {
        return settings.settings(now).stream()
                .collect(Collectors.toMap(CentralSetting::key, CentralSetting::value, (a, _) -> a, TreeMap::new));
    }

    /** Returns the state that another process reads. */
    private static CentralSettings reread(CentralSettings settings) {
        String text = settings.text();
        var read = CentralSettings.parse(new Stored(1, text));
        assertThat(read.text()).isEqualTo(text);
        assertThat(PrintableText.lines(text)).isEqualTo(text);
        return read;
    }

    @Test
    void nothing_is_set_at_first() {
        var nothing = CentralSettings.parse(Stored.NONE);

        assertThat(nothing.settings(NOW)).isEmpty();
        assertThat(nothing.history()).isEmpty();
        assertThat(nothing.revision()).isZero();
        assertThat(nothing.nextExpiry(NOW)).isEmpty();
        reread(nothing);
    }

    @Test
    void a_setting_has_its_author_reason_time_and_revision_after_it_was_stored() {
        Instant expiry = NOW.plusSeconds(60);
        String value = "\"quoted\" \\ and ü, 漢, {}[]:,";

        var settings = reread(set(CentralSettings.EMPTY, RETRY, "2")
                .set(DEADLINE, value, "bob", "peak \"hours\"", NOW.plusNanos(1), Optional.of(expiry)));

        assertThat(settings.revision()).isEqualTo(2);
        assertThat(settings.settings(NOW))
                .containsExactly(
                        new CentralSetting(
                                DEADLINE, value, "bob", "peak \"hours\"", NOW.plusNanos(1), Optional.of(expiry), 2),
                        new CentralSetting(RETRY, "2", "alice", "too slow", NOW, Optional.empty(), 1));
        assertThat(settings.history())
                .containsExactly(
                        new Change(
                                2,
                                DEADLINE,
                                Optional.empty(),
                                Optional.of(value),
                                "bob",
                                "peak \"hours\"",
                                NOW.plusNanos(1),
                                Optional.of(expiry)),
                        new Change(
                                1,
                                RETRY,
                                Optional.empty(),
                                Optional.of("2"),
                                "alice",
                                "too slow",
                                NOW,
                                Optional.empty()));
    }

    @Test
    void an_expired_setting_is_left_out_and_the_next_expiry_says_when_to_look_again() {
        Instant soon = NOW.plusSeconds(10);
        Instant later = NOW.plusSeconds(20);
        var settings = reread(set(CentralSettings.EMPTY, "a", "1")
                .set("b", "2", "bob", "", NOW, Optional.of(later))
                .set("c", "3", "bob", "", NOW, Optional.of(soon)));

        assertThat(values(settings, NOW)).containsOnlyKeys("a", "b", "c");
        assertThat(settings.nextExpiry(NOW)).contains(soon);
        assertThat(values(settings, soon)).containsOnlyKeys("a", "b");
        assertThat(settings.nextExpiry(soon)).contains(later);
        assertThat(values(settings, later)).containsOnlyKeys("a");
        assertThat(settings.nextExpiry(later)).isEmpty();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings.unset("c", "bob", "", soon))
                .withMessageContaining("there is no central setting c");
        var changed = settings.set("c", "4", "bob", "", later, Optional.empty());
        assertThat(changed.history().getFirst().before())
                .as("the value before, which had expired")
                .isEmpty();
        assertThat(changed.text()).doesNotContain("\"key\":\"b\",\"value\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> settings.set("d", "1", "bob", "", later, Optional.of(later)))
                .withMessageContaining("is over");
    }

    @Test
    void a_setting_that_is_removed_is_gone_and_the_history_keeps_its_value() {
        var settings = reread(set(CentralSettings.EMPTY, RETRY, "2").unset(RETRY, "bob", "over", NOW));

        assertThat(settings.settings(NOW)).isEmpty();
        assertThat(settings.history().getFirst())
                .isEqualTo(
                        new Change(2, RETRY, Optional.of("2"), Optional.empty(), "bob", "over", NOW, Optional.empty()));
    }

    @Test
    void a_rollback_restores_the_settings_of_an_earlier_revision_as_a_new_one() {
        Instant expiry = NOW.plusSeconds(60);
        var first = set(CentralSettings.EMPTY, "a", "1").set("b", "1", "bob", "", NOW, Optional.of(expiry));
        var last = set(set(first, "a", "2"), "c", "2").unset("b", "bob", "", NOW);

        var back = reread(reread(last).rollback(2, "carol", "worse", NOW.plusSeconds(1)));

        assertThat(values(back, NOW)).isEqualTo(Map.of("a", "1", "b", "1"));
        assertThat(back.revision()).isEqualTo(6);
        assertThat(back.history().subList(0, 3))
                .allMatch(change -> change.revision() == 6 && change.author().equals("carol"))
                .extracting(Change::key, Change::before, Change::after)
                .containsExactlyInAnyOrder(
                        tuple("a", Optional.of("2"), Optional.of("1")),
                        tuple("b", Optional.empty(), Optional.of("1")),
                        tuple("c", Optional.of("2"), Optional.empty()));
        assertThat(back.nextExpiry(NOW)).contains(expiry);
        assertThat(values(back.rollback(5, "carol", "", NOW), NOW)).isEqualTo(Map.of("a", "2", "c", "2"));
        assertThat(values(back.rollback(0, "carol", "", NOW), NOW)).isEmpty();
        assertThat(values(last.rollback(2, "carol", "", expiry), expiry))
                .as("without what has expired since")
                .isEqualTo(Map.of("a", "1"));
        assertThat(back.rollback(6, "carol", "", NOW)).isSameAs(back);
        assertThat(back.rollback(2, "carol", "", NOW)).isSameAs(back);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> back.rollback(7, "carol", "", NOW))
                .withMessageContaining("there is no revision 7 of the central settings: the last one is 6");
    }

    @Test
    void every_revision_that_the_history_reaches_can_be_restored_whatever_was_changed() {
        var random = new Random(1);
        var states = new TreeMap<Long, Map<String, String>>(Map.of(0L, Map.of()));
        var settings = CentralSettings.EMPTY;
        for (int i = 0; i < 400; i++) {
            String key = "key" + random.nextInt(8);
            long earliest = Math.max(0, settings.revision() - 20);
            settings = switch (random.nextInt(6)) {
                case 0 -> values(settings, NOW).containsKey(key) ? settings.unset(key, "bob", "", NOW) : settings;
                case 1 ->
                    settings.rollback(earliest + random.nextLong(settings.revision() - earliest + 1), "bob", "", NOW);
                default -> set(settings, key, "value" + i);
            };
            states.put(settings.revision(), values(settings, NOW));
        }

        var last = reread(settings);
        assertThat(last.history()).hasSizeBetween(CentralSettings.HISTORY_MAX - 8, CentralSettings.HISTORY_MAX);
        long from = last.history().getLast().revision() - 1;
        for (long revision = from; revision <= last.revision(); revision++) {
            assertThat(values(last.rollback(revision, "bob", "", NOW), NOW)).isEqualTo(states.get(revision));
        }
        assertThatIllegalArgumentException()
                .isThrownBy(() -> last.rollback(from - 1, "bob", "", NOW))
                .withMessageContaining("reaches back to revision " + from + ", and not to " + (from - 1));
    }

    @Test
    void the_text_never_exceeds_its_limit_since_the_oldest_changes_are_dropped() {
        var settings = CentralSettings.EMPTY;
        for (int i = 0; i < 60; i++) {
            settings = set(settings, "key" + i % 15, "\"".repeat(CentralSetting.VALUE_LENGTH_MAX / 2) + i);
            assertThat(settings.text()).hasSizeLessThanOrEqualTo(SettingsStore.TEXT_LENGTH_MAX);
        }

        var last = reread(settings);
        assertThat(last.settings(NOW)).hasSize(15);
        assertThat(last.history()).hasSizeBetween(5, 20);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> {
                    var more = last;
                    for (int i = 0; i < 60; i++) {
                        more = set(more, "more" + i, "x".repeat(CentralSetting.VALUE_LENGTH_MAX));
                    }
                })
                .withMessageContaining("characters: at most 262144");
    }

    @Test
    void texts_that_are_too_long_or_not_printable_are_refused() {
        Map<String, Consumer<CentralSettings>> changes = Map.of(
                "the key is empty", s -> set(s, " ", "1"),
                "the key has 257 characters: at most 256", s -> set(s, "k".repeat(257), "1"),
                "the key has a character that is not printable", s -> s.unset("\u001b[31m", "bob", "", NOW),
                "the value of a has 8193 characters: at most 8192", s -> set(s, "a", "1".repeat(8193)),
                "the value of a has a character that is not printable", s -> set(s, "a", "1\n2"),
                "the author is empty", s -> s.set("a", "1", "", "", NOW, Optional.empty()),
                "the author has 129", s -> s.set("a", "1", "b".repeat(129), "", NOW, Optional.empty()),
                "the reason has 513", s -> s.set("a", "1", "bob", "r".repeat(513), NOW, Optional.empty()),
                "there are 1001 central settings",
                        s -> {
                            var more = s;
                            for (int i = 0; i <= 1_000; i++) {
                                more = set(more, "key" + i, "1");
                            }
                        });

        changes.forEach((message, change) -> assertThatIllegalArgumentException()
                .isThrownBy(() -> change.accept(CentralSettings.EMPTY))
                .withMessageContaining(message));
    }

    @Test
    void a_stored_text_that_cannot_be_read_is_refused_with_a_reason() {
        String valid = set(CentralSettings.EMPTY, RETRY, "2").text();
        Map<String, String> texts = new TreeMap<>(Map.of(
                "retry: 2",
                "not JSON of central settings, at character 0",
                "[",
                "expected an object, a list",
                "[".repeat(100_000),
                "the nesting is deeper than 8 levels",
                "[]",
                "something that is not an object",
                "{}",
                "without format",
                valid + "x",
                "something follows the end",
                valid.substring(0, 60),
                "the end is missing"));
        texts.put(
                valid.replace("\"format\":1", "\"format\":2"), "have the format 2, and this version of Treaty reads 1");
        texts.put(valid.replace("{\"format\"", "{\"groups\":[],\"format\""), "the unknown field \"groups\": a newer");
        texts.put(valid.replace("\"value\":\"2\"", "\"value\":\"2\",\"share\":5"), "the unknown field \"share\"");
        texts.put(valid.replace("\"value\":\"2\"", "\"value\":2"), "another kind of value");
        texts.put(valid.replace("\"setAt\":\"2026", "\"setAt\":\"20x6"), "\"20x6-11-30T10:00:00Z\", is not a time");
        texts.put(valid.replace("\"alice\"", "\"\\u001b[31m\""), "the author has a character that is not printable");
        texts.put(valid.replace("\"author\":\"alice\"", "\"key\":\"b\""), "a field is there twice");
        texts.put(valid.replace("\"historyFrom\":0", "\"historyFrom\":9"), "an impossible history");

        texts.forEach((text, message) -> assertThatIllegalArgumentException()
                .as(text.substring(0, Math.min(80, text.length())))
                .isThrownBy(() -> CentralSettings.parse(new Stored(1, text)))
                .withMessageContaining(message));
    }

    @Test
    void mutated_texts_are_read_as_they_are_or_refused() {
        String valid = set(set(CentralSettings.EMPTY, RETRY, "2"), "a", "b\\\"")
                .unset("a", "bob", "", NOW)
                .text();
        var random = new Random(7);
        for (int i = 0; i < 20_000; i++) {
            var mutated = new StringBuilder(valid);
            for (int left = 1 + random.nextInt(3); left > 0; left--) {
                int at = random.nextInt(mutated.length());
                switch (random.nextInt(3)) {
                    case 0 -> mutated.deleteCharAt(at);
                    case 1 -> mutated.insert(at, (char) (' ' + random.nextInt(95)));
                    default -> mutated.setCharAt(at, valid.charAt(random.nextInt(valid.length())));
                }
            }
            try {
                reread(CentralSettings.parse(new Stored(1, mutated.toString())));
            } catch (IllegalArgumentException e) {
                assertThat(e.getMessage()).isNotBlank();
            }
        }
    }

    @Test
    void a_change_is_repeated_on_what_another_one_has_stored_first() {
        try (var registry = new EmbeddedRegistry(new RuntimeDependencies(Time.system(), new Random(1), Events.NONE))) {
            var store = registry.settings();
            var raced = new AtomicBoolean();
            UnaryOperator<CentralSettings> change = before -> {
                if (raced.compareAndSet(false, true)) {
                    CentralSettings.change(store, other -> set(other, "other", "1"));
                }
                return set(before, "mine", "1");
            };

            var after = CentralSettings.change(store, change);

            assertThat(values(after, NOW)).containsOnlyKeys("mine", "other");
            assertThat(CentralSettings.parse(store.read()).text()).isEqualTo(after.text());
            assertThat(after.revision()).isEqualTo(2);
            CentralSettings.change(store, before -> before);
            assertThat(store.read().number()).as("no change, no replacement").isEqualTo(2);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> CentralSettings.change(store, s -> s.unset("gone", "bob", "", NOW)));
        }
    }

    @Test
    void a_change_is_given_up_if_others_always_come_first_and_fails_if_nothing_can_be_stored() {
        SettingsStore contended = new SettingsStore() {
            @Override
            public Stored read() {
                return Stored.NONE;
            }

            @Override
            public boolean replace(long expected, Stored next) {
                return false;
            }

            @Override
            public Subscription watch(Consumer<Stored> on) {
                throw new UnsupportedOperationException();
            }
        };

        assertThatExceptionOfType(ServiceException.class)
                .isThrownBy(() -> CentralSettings.change(contended, s -> set(s, "a", "1")))
                .withMessageContaining("change too often");
        assertThatThrownBy(() -> CentralSettings.change(SettingsStore.unsupported("static"), s -> set(s, "a", "1")))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessageContaining("edit treaty.yaml, which is reloaded");
    }
}
