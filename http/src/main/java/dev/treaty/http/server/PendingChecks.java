package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Limits how many checks of credentials wait or run at a time, for the server and for one address, so that a flood of
 * bad tokens does not keep the processors busy with signatures. Addresses of IPv6 that begin with the same 64 bits
 * count as one.
 */
final class PendingChecks {
    /** The maximum of the whole server. */
    static final int ALL_MAX = 1_024;

    /** The maximum of one address. */
    static final int ADDRESS_MAX = 256;

    private final AtomicInteger all = new AtomicInteger();
    private final Map<Long, Integer> addresses = new ConcurrentHashMap<>();

    /**
     * Begins a check.
     *
     * @return ends it; to be called once
     * @throws RequestRejected if there are too many
     */
    Runnable begin(Optional<InetAddress> address) {
        long key = address.map(PendingChecks::key).orElse(0L);
        int ofAddress = addresses.merge(key, 1, Integer::sum);
        int ofServer = all.incrementAndGet();
        if (ofAddress > ADDRESS_MAX || ofServer > ALL_MAX) {
            end(key);
            throw new RequestRejected(
                    Code.RESOURCE_EXHAUSTED, "the server checks as many credentials as it may: try again later");
        }
        return () -> end(key);
    }

    private void end(long key) {
        all.decrementAndGet();
        addresses.computeIfPresent(key, (_, count) -> count == 1 ? null : count - 1);
    }

    private static long key(InetAddress address) {
        byte[] bytes = address.getAddress();
        return address instanceof Inet6Address
                ? ByteBuffer.wrap(bytes).getLong()
                : Integer.toUnsignedLong(ByteBuffer.wrap(bytes).getInt());
    }
}
