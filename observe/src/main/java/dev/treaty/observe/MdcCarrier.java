package dev.treaty.observe;

import dev.treaty.core.call.ContextCarrier;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.slf4j.spi.MDCAdapter;

/** Carries SLF4J's MDC, so that an attempt on another thread logs with the values of its caller. */
public final class MdcCarrier implements ContextCarrier {
    private final Supplier<@Nullable MDCAdapter> adapter;

    public MdcCarrier() {
        this(MDC::getMDCAdapter);
    }

    MdcCarrier(Supplier<@Nullable MDCAdapter> adapter) {
        this.adapter = adapter;
    }

    @Override
    public Runnable wrap(Runnable body) {
        MDCAdapter mdc = adapter.get();
        Map<String, String> values = mdc == null ? null : mdc.getCopyOfContextMap();
        if (mdc == null || values == null || values.isEmpty()) {
            return body;
        }
        return () -> {
            mdc.setContextMap(values);
            try {
                body.run();
            } finally {
                mdc.clear();
            }
        };
    }
}
