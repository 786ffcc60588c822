package dev.treaty.registry.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceHealth.Status;
import dev.treaty.core.discovery.ServiceInstance;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The lease of a registered instance, and what is known about it besides what watchers see. */
final class Lease {
    /** An instance without metadata, its lease and its place in the lists. */
    private static final long INSTANCE_BYTES = 700;

    /** An entry of metadata without its characters. */
    private static final long ENTRY_BYTES = 100;

    final String token;
    ServiceInstance reported;
    long lengthNanos; // zero if it never expires
    long endNanos;
    boolean renewed; // since the registry started
    long revision; // of the last change that watchers see
    long criticalSinceNanos; // if it is critical
    boolean stale; // expired, and kept by self-preservation
    boolean delisted; // registered but not listed, since it stayed critical
    boolean drained; // by an operator

    /** The scheduled check; other checks of this lease in the queue are obsolete. */
    @Nullable
    Check check;

    /** A scheduled check. A renewal does not move it: a check that is too early schedules the next one. */
    record Check(Lease lease, long atNanos) {}

    Lease(ServiceInstance reported, String token) {
        this.reported = reported;
        this.token = token;
    }

    /** Returns how many bytes of memory an instance takes, with its lease: at least as many as it really does. */
    static long bytes(ServiceInstance instance) {
        return INSTANCE_BYTES
                + instance.id().length()
                + 2L * instance.health().length()
                + instance.metadata().entrySet().stream()
                        .mapToLong(entry -> ENTRY_BYTES
                                + 2L
                                        * (entry.getKey().length()
                                                + entry.getValue().length()))
                        .sum();
    }

    String id() {
        return reported.id();
    }

    ServiceName service() {
        return reported.service();
    }

    boolean expires() {
        return lengthNanos > 0;
    }

    boolean critical() {
        return reported.health().status() == Status.CRITICAL;
    }

    /** Compares in constant time, so that the duration does not reveal how much of a token was right. */
    boolean ownedBy(String claimed) {
        return MessageDigest.isEqual(token.getBytes(UTF_8), claimed.getBytes(UTF_8));
    }

    /** Returns how long ago it was renewed; empty if it was restored after a restart and not renewed since. */
    Optional<Duration> sinceRenewal(long now) {
        return renewed ? Optional.of(Duration.ofNanos(now - (endNanos - lengthNanos))) : Optional.empty();
    }

    RegistryTable.Entry.Registered entry() {
        return new RegistryTable.Entry.Registered(reported, token, lengthNanos, drained);
    }
}
