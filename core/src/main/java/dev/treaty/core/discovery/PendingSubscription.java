package dev.treaty.core.discovery;

import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** A subscription that may be closed while it is still being opened: what opens after that is closed immediately. */
public final class PendingSubscription implements Subscription {
    private static final Subscription CLOSED = () -> {};

    private final AtomicReference<@Nullable Subscription> opened = new AtomicReference<>();

    /** Sets what {@link #close} closes; called once. */
    public void opened(Subscription subscription) {
        if (!opened.compareAndSet(null, subscription)) {
            subscription.close();
        }
    }

    @Override
    public void close() {
        Subscription subscription = opened.getAndSet(CLOSED);
        if (subscription != null) {
            subscription.close();
        }
    }
}
