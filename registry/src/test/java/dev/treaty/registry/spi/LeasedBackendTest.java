package dev.treaty.registry.spi;

import static dev.treaty.registry.Instances.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.contract.ServiceName;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The records of watchers, in a store whose transactions the tests interrupt. */
class LeasedBackendTest {
    private static final String RECORD = new StorePaths("").watcher(ORDERS, "me");

    /** Keeps texts in memory, under one lease. */
    private static final class MemoryBackend extends LeasedBackend {
        final Map<String, Entry> entries = new TreeMap<>();
        private long versions;

        /** Run once, before the next transaction. */
        @Nullable
        Runnable beforeCommit;

        MemoryBackend() {
            super(new StorePaths(""));
        }

        @Nullable
        String text(String path) {
            Entry entry = entries.get(path);
            return entry == null ? null : entry.text();
        }

        @Override
        protected @Nullable Entry read(String path) {
            return entries.get(path);
        }

        @Override
        protected List<Entry> children(String parent) {
            return entries.values().stream()
                    .filter(entry -> entry.path().startsWith(parent + "/"))
                    .toList();
        }

        @Override
        protected Collection<String> parents(String parent) {
            return List.of();
        }

        @Override
        protected boolean commit(List<Step> steps) {
            Runnable before = beforeCommit;
            beforeCommit = null;
            if (before != null) {
                before.run();
            }
            for (Step step : steps) {
                Entry present = entries.get(step.path());
                if (present == null ? step.before() != null : !present.equals(step.before())) {
                    return false;
                }
            }
            for (Step step : steps) {
                if (step.text() == null) {
                    entries.remove(step.path());
                } else {
                    entries.put(step.path(), new Entry(step.path(), step.text(), ++versions, step.lease()));
                }
            }
            return true;
        }

        @Override
        protected boolean remove(Entry claim, @Nullable Entry instance, String reason, boolean last) {
            throw new UnsupportedOperationException();
        }

        @Override
        protected long lease() {
            return 1;
        }

        @Override
        protected Set<String> renew() {
            return entries.values().stream()
                    .filter(entry -> entry.lease() == 1)
                    .map(Entry::path)
                    .collect(Collectors.toSet());
        }

        @Override
        protected Map<Long, Optional<Instant>> renewals(Set<Long> leases) {
            return Map.of();
        }

        @Override
        public Following follow(ServiceName service, Follower follower) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    private final MemoryBackend backend = new MemoryBackend();
    private final AtomicReference<@Nullable String> acknowledged = new AtomicReference<>("");

    private void attend() {
        try {
            backend.attend(ORDERS, "me", this::now);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private Optional<String> now() {
        return Optional.ofNullable(acknowledged.get());
    }

    /** Another thread acknowledges more, or less, and records that before the next transaction. */
    private void acknowledgeMeanwhile(@Nullable String text) {
        backend.beforeCommit = () -> {
            acknowledged.set(text);
            attend();
        };
    }

    @Test
    void of_two_records_at_a_time_the_newer_one_stays() {
        acknowledgeMeanwhile("drained");

        attend();

        assertThat(backend.text(RECORD)).isEqualTo("drained");
    }

    @Test
    void a_renewal_that_restores_a_record_keeps_a_newer_one() throws InterruptedException {
        attend();
        backend.entries.clear(); // its lease has ended
        acknowledgeMeanwhile("drained");

        backend.renew(Set::of);

        assertThat(backend.text(RECORD)).isEqualTo("drained");
    }

    @Test
    void a_record_that_is_written_when_its_service_is_given_up_does_not_stay() throws InterruptedException {
        acknowledgeMeanwhile(null);

        attend();
        assertThat(backend.entries).isEmpty();
        backend.renew(Set::of);

        assertThat(backend.entries).isEmpty();
    }

    @Test
    void a_renewal_deletes_the_record_of_a_service_that_could_not_be_given_up() throws InterruptedException {
        attend();
        acknowledged.set(null);
        backend.beforeCommit = () -> {
            throw new ServiceException(Code.UNAVAILABLE, "down");
        };
        assertThatExceptionOfType(ServiceException.class).isThrownBy(() -> backend.attend(ORDERS, "me", this::now));
        assertThat(backend.text(RECORD)).isEmpty();

        backend.renew(Set::of);

        assertThat(backend.entries).isEmpty();
    }

    @Test
    void a_record_that_has_not_changed_is_not_written_again() {
        attend();
        long version = backend.entries.get(RECORD).version();

        attend();

        assertThat(backend.entries.get(RECORD).version()).isEqualTo(version);
    }
}
