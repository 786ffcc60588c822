package dev.treaty.registry.server;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.core.contract.ServiceName;
import dev.treaty.core.discovery.ServiceInstance;
import dev.treaty.registry.changes.ChangeLog;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Optional;

/** The lease of a registered instance, and what is known about it besides what watchers see. */
final class Lease {
    /** An instance without metadata, its lease and its place in the lists. */
    private static final long INSTANCE_BYTES = 700;

    /** An entry of metadata without its characters. */
    private static final long ENTRY_BYTES = 100;

    final String token;

    /** The proven name of who has registered it; empty if it was not proven. */
    String identity;

    ServiceInstance reported;
    long lengthNanos; // zero if it never expires
    long renewedNanos;
    boolean renewed; // since the registry started
    boolean drained; // by an operator

    Lease(ServiceInstance reported, String token, String identity) {
        this.reported = reported;
        this.token = token;
        this.identity = identity;
    }

    /** Returns how many bytes of memory an instance takes, with its lease: at least as many as it really does. */
    static long bytes(ServiceInstance instance) {
        return INSTANCE_BYTES
                + instance.id().length()
                + ENTRY_BYTES * instance.metadata().size()
                + 2 * ChangeLog.characters(instance);
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

    /**
     * Whether a registrant has the token of this lease, and is who has registered the instance. It compares tokens in
     * constant time, so that the duration does not reveal how much of a token was right.
     */
    boolean ownedBy(Registrant registrant) {
        boolean token = MessageDigest.isEqual(
                this.token.getBytes(UTF_8), registrant.token().getBytes(UTF_8));
        return token && (!registrant.checked() || identity.isEmpty() || identity.equals(registrant.identity()));
    }

    /** Returns how long ago it was renewed; empty if it was restored after a restart and not renewed since. */
    Optional<Duration> sinceRenewal(long now) {
        return renewed ? Optional.of(Duration.ofNanos(now - renewedNanos)) : Optional.empty();
    }

    RegistryTable.Entry.Registered entry() {
        return new RegistryTable.Entry.Registered(reported, token, identity, lengthNanos, drained);
    }
}
