package dev.treaty.registry;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.ServiceException;
import dev.treaty.core.discovery.ServiceHealth;
import dev.treaty.core.discovery.ServiceInstance;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much a registry keeps. What is over a limit is refused with a sentence that names it.
 *
 * @param instances the most instances of all services together
 * @param services the most services that have instances
 * @param contracts the most services with published contracts
 * @param watches the most watches that may wait at a time
 * @param log how many changes a watcher may fall behind before it gets the whole set anew
 * @param leaseMin the shortest lease granted; a shorter wish is lengthened to it
 * @param leaseMax the longest lease granted; a longer wish is cut to it
 */
public record RegistryLimits(
        int instances, int services, int contracts, int watches, int log, Duration leaseMin, Duration leaseMax) {
    /** Enough for a large system, little enough for a small heap. */
    public static final RegistryLimits STANDARD =
            new RegistryLimits(200_000, 10_000, 2_000, 10_000, 4_096, Duration.ofSeconds(1), Duration.ofMinutes(10));

    /** The longest lease token and watcher, in characters. */
    public static final int TOKEN_LENGTH_MAX = 256;

    /** The most characters that the message and details of a health report may have together. */
    public static final int HEALTH_LENGTH_MAX = 8_192;

    /** The longest text of a contract, in characters. */
    public static final int CONTRACT_LENGTH_MAX = 262_144;

    /** The most characters that the texts of all remembered contracts may have together. */
    public static final long CATALOGUE_LENGTH_MAX = 1 << 26;

    /** The shortest lease token, in characters: it is what keeps others from taking an instance out. */
    public static final int TOKEN_LENGTH_MIN = 8;

    /** The most leases that one request may renew, and the most services that one watch may follow. */
    public static final int BATCH_MAX = 1_024;

    /** @throws IllegalArgumentException where a limit is not positive or the leases are the wrong way round */
    public RegistryLimits {
        if (instances < 1 || services < 1 || contracts < 1 || watches < 1 || log < 1) {
            throw new IllegalArgumentException("a registry's limits are 1 or more");
        }
        if (!leaseMin.isPositive() || leaseMin.compareTo(leaseMax) > 0) {
            throw new IllegalArgumentException(
                    "the shortest lease is positive and not over the longest: " + leaseMin + ", " + leaseMax);
        }
    }

    /** The same limits with another one for instances. */
    public RegistryLimits withInstances(int most) {
        return new RegistryLimits(most, services, contracts, watches, log, leaseMin, leaseMax);
    }

    public Duration lease(Duration wish) {
        return wish.compareTo(leaseMin) < 0 ? leaseMin : wish.compareTo(leaseMax) > 0 ? leaseMax : wish;
    }

    public static void check(ServiceInstance instance) {
        check("instance " + instance.id(), instance.health());
    }

    public static void check(String whose, ServiceHealth health) {
        total(whose + ": its health", health.message().length() + length(health.details()), HEALTH_LENGTH_MAX);
    }

    /** The same health with as much of its message, and then of its details, as a registry keeps. */
    static ServiceHealth cut(ServiceHealth health) {
        String message = cut(health.message());
        int left = HEALTH_LENGTH_MAX - message.length();
        var details = new TreeMap<String, String>();
        for (var entry : new TreeMap<>(health.details()).entrySet()) {
            int length = entry.getKey().length() + entry.getValue().length();
            if (length <= left) {
                details.put(entry.getKey(), entry.getValue());
                left -= length;
            }
        }
        return new ServiceHealth(health.status(), message, health.timestamp(), details);
    }

    private static String cut(String message) {
        if (message.length() <= HEALTH_LENGTH_MAX) {
            return message;
        }
        int end = HEALTH_LENGTH_MAX - 1;
        return message.substring(0, Character.isHighSurrogate(message.charAt(end - 1)) ? end - 1 : end) + "…";
    }

    public static void length(String what, String text, int max) {
        total(what, text.length(), max);
    }

    private static int length(Map<String, String> texts) {
        return texts.entrySet().stream()
                .mapToInt(e -> e.getKey().length() + e.getValue().length())
                .sum();
    }

    private static void total(String what, int length, int max) {
        if (length > max) {
            throw new ServiceException(
                    Code.INVALID_ARGUMENT, what + " has " + length + " characters: at most " + max + " are allowed");
        }
    }
}
