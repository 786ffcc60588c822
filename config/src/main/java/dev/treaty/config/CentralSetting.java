package dev.treaty.config;

import java.time.Instant;
import java.util.Optional;

/**
 * One setting that is kept in the registry, for all processes that use it.
 *
 * @param key the full key, such as {@code services.shop.Orders.deadline}
 * @param value the text of the value
 * @param author who set it
 * @param reason why
 * @param setAt when it was set
 * @param expiresAt when it ends; empty for never
 * @param revision the number of the change that set it
 */
public record CentralSetting(String key, String value, String author, String reason, Instant setAt, Optional<Instant> expiresAt, long revision) {}
