package dev.treaty.core.text;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Masks secrets in text that is logged or printed: passwords in addresses, values whose names say that they are secret,
 * as in {@code jdbc:postgresql://db/shop?password=…}, headers that authorize, private keys and tokens of a known form.
 * A secret that looks like other text is not recognized.
 */
public final class Secrets {
    /** What replaces a secret. */
    public static final String MASK = "***";

    private static final String NAME = "pass(?:word|wd|phrase|code)?|passwort|pwd|secret(?:[-_.]?key)?|token|jwt"
            + "|(?:access|account|api|encryption|master|private|shared|signing)[-_.]?key|signature|credentials?"
            + "|authorization|cookie|(?<![a-z])(?:auth|pw|sig)";

    /** What says that a value is about a secret, and not itself one. */
    private static final String ABOUT = "[-_.]?(?:file|path|length|bytes|size|count|max|min|type|name)";

    /** The name of a setting or of a variable whose value is secret. */
    private static final Pattern SECRET_NAME = Pattern.compile("(?i)(?:" + NAME + ")s?\\d*+\\z");

    /** The most characters that {@link #SECRET_NAME} matches before the digits. */
    private static final int SECRET_NAME_LENGTH_MAX = 16;

    private static final Pattern WORD = Pattern.compile("[^\\s\"'<>]++");

    /** What stands before the user and the password in an address, which may be mistyped or have no scheme. */
    private static final Pattern BEFORE_USER =
            Pattern.compile("[^:@/]*+:(?:[A-Za-z][A-Za-z0-9+.-]*+:)?//|[^:@]*+:/{0,3}+|//");

    /** What stands between a name and its value. */
    private static final String BETWEEN = String.join(
            "|",
            "[\\\\\"']*\\s*(?:=>?|:=|\\\\u003d|%3d)\\s*", // password=x, "password" => "x"
            "[\\\\\"']+\\s*:\\s*", // "password": 1, \"password\": \"x\"
            "\\s*:\\s*(?=[\\\\\"'])", // token: "x"
            "(?<=pass(?:word|wd|phrase|code)|pwd|secret|key|authorization|cookie|[\\w.-](?:pass|token))\\s*:\\s*",
            "(?<=--[\\w.-]{1,60}),?\\s+", // --password x
            ">(?=[^<>]{0,1000}</)"); // <password>x</password>

    private static final String SECRET = String.join(
            "|",
            "\\\\+\"[^\"]*+\"?", // \"x\"
            "\"(?:[^\"\\\\]|\\\\[\\s\\S])*+\"?", // "x"
            "'(?:[^'\\\\]|\\\\[\\s\\S])*+'?", // 'x'
            "\\[[^\\]]*+\\]?", // [x, y]
            "(?<=(?:authorization|cookie)[\\\\\"']{0,2}\\s{0,2}[=:]\\s{0,2})[^\\r\\n)}\\]]+", // several words
            "(?:bearer|basic)\\s+[^\\s,;]+",
            "[^\\s&;,\"')}\\]]+");

    private static final Pattern VALUE =
            Pattern.compile("(?i)((?:" + NAME + ")s?(?!" + ABOUT + ")\\d*(?:" + BETWEEN + "))(?:" + SECRET + ")");

    /** Tokens and keys that are recognized without a name. */
    private static final Pattern TOKEN = Pattern.compile("((?i:\\bbearer ))[\\w.~+/=-]{8,}|\\beyJ[\\w-]{4,}\\.[\\w.-]+"
            + "|\\btreaty_[A-Za-z0-9]{8,}_[A-Za-z0-9]{16,}"
            + "|(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)[^-]*+");

    /** The most failures of a chain that are masked; others are left out. */
    private static final int FAILURES_MAX = 100;

    /** The longest text of a failure that is logged, in characters. */
    private static final int FAILURE_LENGTH_MAX = 4_000;

    private Secrets() {}

    /** Returns true if the name of a setting says that its value is secret, such as {@code db.password}. */
    public static boolean isSecretName(String name) {
        int end = name.length();
        while (end > 0 && name.charAt(end - 1) >= '0' && name.charAt(end - 1) <= '9') {
            end--;
        }
        return SECRET_NAME
                .matcher(name)
                .useTransparentBounds(true)
                .region(Math.max(0, end - SECRET_NAME_LENGTH_MAX), name.length())
                .find();
    }

    /** Returns the text with {@value #MASK} in place of each secret that is recognized. */
    public static String mask(String text) {
        String masked = text.indexOf('@') < 0
                ? text
                : WORD.matcher(text).replaceAll(word -> Matcher.quoteReplacement(maskUser(word.group())));
        return TOKEN.matcher(VALUE.matcher(masked).replaceAll("$1" + MASK)).replaceAll("$1$2" + MASK);
    }

    /** Masks what stands before the last {@code @} of an address. */
    private static String maskUser(String word) {
        int at = word.lastIndexOf('@');
        Matcher before = BEFORE_USER.matcher(word);
        return before.lookingAt() && before.end() <= at ? before.group() + MASK + word.substring(at) : word;
    }

    /**
     * Returns what to log of a failure: the same, or a copy with the same stack trace if a message of it or of its
     * causes has a secret, is very long or is not {@linkplain PrintableText printable}.
     */
    public static Throwable mask(Throwable failure) {
        Set<Throwable> chain = Collections.newSetFromMap(new IdentityHashMap<>());
        var open = new ArrayDeque<>(List.of(failure));
        while (!open.isEmpty() && chain.size() < FAILURES_MAX) {
            Throwable each = open.remove();
            if (chain.add(each)) {
                Optional.ofNullable(each.getCause()).ifPresent(open::add);
                open.addAll(List.of(each.getSuppressed()));
            }
        }
        boolean clean =
                open.isEmpty() && chain.stream().allMatch(each -> text(each).equals(Optional.of(shown(each))));
        return clean ? failure : new MaskedFailure(failure, chain);
    }

    private static String shown(Throwable failure) {
        String text = text(failure).orElse(failure.getClass().getName());
        return PrintableText.line(mask(text), FAILURE_LENGTH_MAX);
    }

    /** Returns the text of a failure; empty if its own code fails. */
    private static Optional<String> text(Throwable failure) {
        try {
            return Optional.of(failure.toString());
        } catch (Throwable _) {
            return Optional.empty();
        }
    }

    /** A copy of a failure, whose message begins with the name of its class. */
    @SuppressWarnings("OverrideThrowableToString") // the name of this class is that of no failure
    private static final class MaskedFailure extends Throwable {
        private static final long serialVersionUID = 1;

        /** @param left the failures of the chain that are not copied yet, so that a circle ends */
        MaskedFailure(Throwable failure, Set<Throwable> left) {
            super(shown(failure));
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
