package dev.treaty.core.contract;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * Guesses which name became which: of what is gone and what is new, those that are made the same and whose names are
 * alike, or that are the only ones. Nothing depends on the guess but the words in which a difference is told.
 */
final class Renames {
    /** Names longer than that are not compared letter by letter. */
    private static final int NAME_LENGTH_MAX = 64;

    private Renames() {}

    /**
     * The new names of those that are gone.
     *
     * @param same whether the two are made the same but for their names
     */
    static <T> Map<String, String> sought(Map<String, T> before, Map<String, T> after, BiPredicate<T, T> same) {
        var gone = new LinkedHashMap<>(before);
        gone.keySet().removeAll(after.keySet());
        var fresh = new LinkedHashMap<>(after);
        fresh.keySet().removeAll(before.keySet());
        var renamed = new LinkedHashMap<String, String>();
        int max = ContractComparison.RENAMES_SOUGHT_MAX;
        if (gone.size() > max || fresh.size() > max) {
            return renamed;
        }
        boolean only = gone.size() == 1 && fresh.size() == 1;
        gone.forEach((name, one) -> fresh.entrySet().stream()
                .filter(other -> (only || alike(name, other.getKey())) && same.test(one, other.getValue()))
                .map(Map.Entry::getKey)
                .min(Comparator.comparingInt(other -> distance(name, other)))
                .ifPresent(best -> {
                    fresh.remove(best);
                    renamed.put(name, best);
                }));
        return renamed;
    }

    private static boolean alike(String one, String other) {
        return distance(one, other) * 2 <= Math.max(one.length(), other.length())
                || one.regionMatches(true, 0, other, 0, Math.min(one.length(), other.length()));
    }

    /** How many letters have to be put in, taken out or replaced; Wagner and Fischer, 1974. */
    private static int distance(String one, String other) {
        if (one.length() > NAME_LENGTH_MAX || other.length() > NAME_LENGTH_MAX) {
            return NAME_LENGTH_MAX;
        }
        int[] previous = new int[other.length() + 1];
        for (int j = 0; j <= other.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= one.length(); i++) {
            int[] current = new int[other.length() + 1];
            current[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                boolean match = Character.toLowerCase(one.charAt(i - 1)) == Character.toLowerCase(other.charAt(j - 1));
                current[j] = Math.min(previous[j - 1] + (match ? 0 : 1), 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[other.length()];
    }
}
