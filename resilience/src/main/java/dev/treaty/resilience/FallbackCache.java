package dev.treaty.resilience;

import java.util.Optional;

/**
 * Keeps the last good answers for {@link Fallback#cached}. It is bounded in number and in age; an implementation over a
 * cache library fits in a few lines, and Treaty's facade brings one over Caffeine.
 *
 * @param <K> what an answer is found by, such as the request
 * @param <T> the answers
 */
public interface FallbackCache<K, T> {
    /** The last good answer, if it is still kept. */
    Optional<T> get(K key);

    /** Keeps an answer in place of the one before. */
    void put(K key, T answer);
}
