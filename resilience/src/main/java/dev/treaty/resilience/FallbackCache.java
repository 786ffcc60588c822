package dev.treaty.resilience;

import java.util.Optional;

/**
 * The last good answers for {@link Fallback#cached}, bounded in number and age. An implementation with a cache library
 * takes a few lines; Treaty's facade has one with Caffeine.
 *
 * @param <K> the key of an answer, such as the request
 * @param <T> the answers
 */
public interface FallbackCache<K, T> {
    /** Returns the last good answer, if it is still cached. */
    Optional<T> get(K key);

    /** Replaces the answer of a key. */
    void put(K key, T answer);
}
