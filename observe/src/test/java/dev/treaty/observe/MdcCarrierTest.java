package dev.treaty.observe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.treaty.core.call.AsyncCall;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.spi.MDCAdapter;

class MdcCarrierTest {
    /** Values that threads do not inherit, as in Logback. */
    private static final class Values implements MDCAdapter {
        private final ThreadLocal<Map<String, String>> values = ThreadLocal.withInitial(HashMap::new);

        @Override
        public void put(String key, String value) {
            values.get().put(key, value);
        }

        @Override
        public @Nullable String get(String key) {
            return values.get().get(key);
        }

        @Override
        public void remove(String key) {
            values.get().remove(key);
        }

        @Override
        public void clear() {
            values.remove();
        }

        @Override
        public Map<String, String> getCopyOfContextMap() {
            return Map.copyOf(values.get());
        }

        @Override
        public void setContextMap(Map<String, String> all) {
            values.set(new HashMap<>(all));
        }

        @Override
        public void pushByKey(String key, String value) {
            put(key, value);
        }

        @Override
        public @Nullable String popByKey(String key) {
            return values.get().remove(key);
        }

        @Override
        public Deque<String> getCopyOfDequeByKey(String key) {
            return new ArrayDeque<>();
        }

        @Override
        public void clearDequeByKey(String key) {
            remove(key);
        }
    }

    private final Values mdc = new Values();

    private String seen() {
        return AsyncCall.start("call", new MdcCarrier(() -> mdc), () -> "order " + mdc.get("order"))
                .join();
    }

    @Test
    void values_of_the_calling_thread_are_carried_G9() {
        mdc.put("order", "42");
        assertThat(seen()).isEqualTo("order 42");
        assertThat(mdc.get("order")).isEqualTo("42");
        mdc.clear();
        assertThat(seen()).isEqualTo("order null");
    }

    @Test
    void nothing_is_left_on_the_other_thread_G9() {
        mdc.put("order", "42");
        Runnable carried = new MdcCarrier(() -> mdc)
                .wrap(() -> assertThat(mdc.get("order")).isEqualTo("42"));
        mdc.clear();
        carried.run();
        assertThat(mdc.get("order")).isNull();
    }

    @Test
    void without_a_provider_the_code_runs_as_it_is_G9() {
        Runnable body = () -> {};
        assertThat(new MdcCarrier(() -> null).wrap(body)).isSameAs(body);
    }
}
