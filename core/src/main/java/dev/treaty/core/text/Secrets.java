package dev.treaty.core.text;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Masks secrets in text that is logged or printed: passwords in addresses, and values whose names say that they are
 * secret, as in {@code jdbc:postgresql://db/shop?password=…}. A secret that looks like other text is not recognized.
 */
public final class Secrets {
    /** What replaces a secret. */
    public static final String MASK = "***";

    private static final String NAME = "pass(?:word|wd|phrase)?|pwd|secret|token|api[-_.]?key|access[-_.]?key"
            + "|private[-_.]?key|credentials?|authorization";

    /** What says that a value is about a secret, and not itself one. */
    private static final String ABOUT = "[-_.]?(?:file|path|length|bytes|size|count|max|min|type|name)";

    /** The name of a setting or of a variable whose value is secret. */
    private static final Pattern SECRET_NAME =
            Pattern.compile("(?i)(?:.*[^a-z])?[a-z]*(?:" + NAME + ")s?(?!" + ABOUT + ")\\d*");

    /** What stands before an {@code @} in an address, which may be mistyped. */
    private static final Pattern USER = Pattern.compile(
            "([A-Za-z][A-Za-z0-9+.-]{0,31}:(?:[A-Za-z][A-Za-z0-9+.-]{0,31}:(?=//))?/{0,3})[^\\s\"'<>,]{0,512}@");

    /** What stands before an {@code @} in an address without a scheme. */
    private static final Pattern BARE_USER =
            Pattern.compile("(?<![\\w/:*])([\\w.%+-]{1,128}):(?![^\\s@]*//)[^\\s\"'<>@]{0,512}@");

    private static final Pattern VALUE = Pattern.compile("(?i)((?:" + NAME + ")s?(?!" + ABOUT + ")\\d*[\"']?"
            + "(?:\\s*=\\s*|\\s*:\\s*(?=[\"'])|(?<=password|passwd|pwd|secret|authorization)\\s*:\\s*))"
            + "(?:\"[^\"]{0,512}\"|'[^']{0,512}'|(?:bearer|basic)\\s+[^\\s,;]+|[^\\s&;,\"')}\\]]+)");

    private static final Pattern BEARER = Pattern.compile("(?i)\\b(bearer )[\\w.~+/=-]{8,}");

    private Secrets() {}

    /** Returns true if the name of a setting says that its value is secret, such as {@code db.password}. */
    public static boolean isSecretName(String name) {
        return SECRET_NAME.matcher(name).matches();
    }

    /** Returns the text with {@value #MASK} in place of each secret that is recognized. */
    public static String mask(String text) {
        String masked = text;
        if (text.indexOf('@') >= 0) {
            masked = USER.matcher(masked).replaceAll("$1" + MASK + "@");
            masked = BARE_USER.matcher(masked).replaceAll("$1:" + MASK + "@");
        }
        if (text.indexOf('=') >= 0 || text.indexOf(':') >= 0 || text.indexOf(' ') >= 0) {
            masked = VALUE.matcher(masked).replaceAll("$1" + MASK);
            masked = BEARER.matcher(masked).replaceAll("$1" + MASK);
        }
        return masked;
    }

    /**
     * Returns what to log of a failure: the same, or a copy with the same stack trace if a message of it or of its
     * causes has a secret or is not {@linkplain PrintableText printable}.
     */
    public static Throwable mask(Throwable failure) {
        Set<Throwable> chain = Collections.newSetFromMap(new IdentityHashMap<>());
        collect(failure, chain);
        boolean clean = chain.stream()
                .map(Throwable::toString)
                .allMatch(text -> clean(text).equals(text));
        return clean ? failure : new MaskedFailure(failure, chain);
    }

    private static void collect(Throwable failure, Set<Throwable> chain) {
        if (chain.add(failure)) {
            Stream.of(failure.getSuppressed()).forEach(each -> collect(each, chain));
            Optional.ofNullable(failure.getCause()).ifPresent(each -> collect(each, chain));
        }
    }

    private static String clean(String text) {
        return PrintableText.line(mask(text));
    }

    /** A copy of a failure, whose message begins with the name of its class. */
    @SuppressWarnings("OverrideThrowableToString") // the name of this class is that of no failure
    private static final class MaskedFailure extends Throwable {
        private static final long serialVersionUID = 1;

        /** @param left the failures of the chain that are not copied yet, so that a circle ends */
        MaskedFailure(Throwable failure, Set<Throwable> left) {
            super(clean(failure.toString()));
            left.remove(failure);
            setStackTrace(failure.getStackTrace());
            Throwable cause = failure.getCause();
            if (cause != null && left.contains(cause)) {
                initCause(new MaskedFailure(cause, left));
            }
            for (Throwable suppressed : failure.getSuppressed()) {
                if (left.contains(suppressed)) {
                    addSuppressed(new MaskedFailure(suppressed, left));
                }
            }
        }

        @Override
        public String toString() {
            return String.valueOf(getMessage());
        }
    }
}
