package dev.treaty.config;

import java.time.Instant;
import java.util.Optional;

/**
 * A setting that the registry keeps for all processes that use it.
 *
 * @param key the full key, such as {@code services.shop.Orders.deadline}
 * @param value the text of the value, as in a file
 * @param author who has set it, as the setting process states it: not proven
 * @param reason why, for other operators; may be empty
 * @param expiresAt when it has no effect any more; empty if it stays until it is replaced or removed
 * @param revision the change that has set it, counted from 1
 */
public record CentralSetting(
        String key,
        String value,
        String author,
        String reason,
        Instant setAt,
        Optional<Instant> expiresAt,
        long revision) {}
