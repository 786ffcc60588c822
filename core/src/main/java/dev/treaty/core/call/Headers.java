package dev.treaty.core.call;

import dev.treaty.core.text.PrintableText;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The headers that a caller sends with a request, or the headers or trailers that a handler sends with a response:
 * names with one or more values, in order. Names are case-insensitive and kept in lower case. Values are printable
 * ASCII, without spaces at either end; those of a name that ends in {@code -bin} are bytes.
 *
 * <p>Names that HTTP, the protocol or Treaty use themselves are refused: {@link #reserved}. So are more than
 * {@link #COUNT_MAX} values and more than {@link #BYTES_MAX} bytes.
 */
public final class Headers {
    /** No headers. */
    public static final Headers NONE = new Headers(new String[0]);

    /** The maximum number of values. */
    public static final int COUNT_MAX = 64;

    /** The maximum size of all names and values together, in bytes. */
    public static final int BYTES_MAX = 8 << 10;

    /** What the names of headers with bytes end in; their values are Base64 on the wire. */
    private static final String BINARY = "-bin";

    /** What precedes the names of trailers of a unary response on the wire. */
    public static final String TRAILER = "trailer-";

    /** The characters of a name besides letters and digits (RFC 9110, section 5.6.2). */
    private static final String NAME_SIGNS = "!#$%&'*+-.^_`|~";

    private static final List<String> RESERVED_PREFIXES =
            List.of(":", "access-control-", "connect-", "content-", "grpc-", "proxy-", "treaty-", TRAILER);

    private static final Set<String> RESERVED = Set.of(
            "accept",
            "accept-encoding",
            "connection",
            "date",
            "expect",
            "host",
            "keep-alive",
            "retry-after",
            "te",
            "trailer",
            "traceparent",
            "tracestate",
            "transfer-encoding",
            "upgrade");

    /** Names and values in turn. */
    private final String[] entries;

    private final int bytes;

    private Headers(String[] entries) {
        this.entries = entries;
        int sum = 0;
        for (String text : entries) {
            sum += text.length();
        }
        this.bytes = sum;
    }

    /**
     * Returns one header.
     *
     * @see #with(String, String)
     */
    public static Headers of(String name, String value) {
        return NONE.with(name, value);
    }

    /**
     * Returns one header whose values are bytes.
     *
     * @see #with(String, byte[])
     */
    public static Headers of(String name, byte[] value) {
        return NONE.with(name, value);
    }

    /**
     * Returns these headers with one more, in place of those with the same name.
     *
     * @param value if the name ends in {@code -bin}, Base64
     * @throws IllegalArgumentException if the name or the value is not allowed, or a limit is exceeded
     */
    public Headers with(String name, String value) {
        return without(name).and(name, value);
    }

    /**
     * Returns these headers with one more whose values are bytes, in place of those with the same name.
     *
     * @param name ends in {@code -bin}
     * @throws IllegalArgumentException if the name is not allowed, or a limit is exceeded
     */
    public Headers with(String name, byte[] value) {
        return without(name).and(name, value);
    }

    /** Returns these headers with others, in place of those with the same names. */
    public Headers with(Headers others) {
        Headers kept = this;
        for (int i = 0; i < others.size() && !kept.isEmpty(); i++) {
            kept = kept.without(others.name(i));
        }
        return kept.append(others.entries);
    }

    /**
     * Returns these headers with one more value, after those with the same name.
     *
     * @throws IllegalArgumentException as {@link #with(String, String)}
     */
    public Headers and(String name, String value) {
        String key = checkedName(name);
        if (!printable(value)) {
            throw new IllegalArgumentException("the value of header " + key
                    + " is not allowed: use printable ASCII, or bytes and a name that ends in -bin");
        }
        String text = key.endsWith(BINARY) ? canonical(value.strip()) : value.strip();
        if (text == null) {
            throw new IllegalArgumentException("the value of header " + key + " is not Base64");
        }
        return append(key, text);
    }

    /**
     * Returns these headers with one more value of bytes, after those with the same name.
     *
     * @throws IllegalArgumentException as {@link #with(String, byte[])}
     */
    public Headers and(String name, byte[] value) {
        String key = checkedName(name);
        if (!key.endsWith(BINARY)) {
            throw new IllegalArgumentException("the name of a header with bytes ends in -bin, unlike " + key);
        }
        return append(key, Base64.getEncoder().withoutPadding().encodeToString(value));
    }

    private Headers append(String... added) {
        if (added.length == 0) {
            return this;
        }
        String[] all = Arrays.copyOf(entries, entries.length + added.length);
        System.arraycopy(added, 0, all, entries.length, added.length);
        var changed = new Headers(all);
        if (!changed.sendable()) {
            throw new IllegalArgumentException("there are at most " + COUNT_MAX + " values of headers and " + BYTES_MAX
                    + " bytes of names and values, not " + changed.size() + " and " + changed.bytes);
        }
        return changed;
    }

    private static String checkedName(String name) {
        String key = key(name);
        if (!token(key)) {
            throw new IllegalArgumentException("the header name " + PrintableText.quote(name)
                    + " is not allowed: use letters, digits, '-', '_' and '.'");
        }
        if (reserved(key)) {
            throw new IllegalArgumentException("the header " + key + " is set by the transport");
        }
        return key;
    }

    private static String key(String name) {
        return name.toLowerCase(Locale.ROOT);
    }

    private static boolean token(String name) {
        for (int i = 0; i < name.length(); i++) {
            if (!isNameCharacter(name.charAt(i))) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    /** Returns true for the characters of which the names of headers consist. */
    public static boolean isNameCharacter(int c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || NAME_SIGNS.indexOf(c) >= 0;
    }

    private static boolean printable(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) < ' ' || value.charAt(i) > '~') {
                return false;
            }
        }
        return true;
    }

    /** Returns Base64 without padding; null if the text is not Base64. */
    private static @Nullable String canonical(String base64) {
        try {
            byte[] decoded = Base64.getDecoder().decode(base64);
            return Base64.getEncoder().withoutPadding().encodeToString(decoded);
        } catch (IllegalArgumentException e) {
            return null;
        }
    }

    /**
     * Returns true for a header of HTTP, of the protocol or of Treaty's transport, which code can neither set nor read:
     * {@code host}, {@code connection} and others for one connection, {@code content-*}, {@code connect-*}, {@code
     * grpc-*}, {@code treaty-*}, {@code trailer-*}, {@code access-control-*}, {@code date}, {@code retry-after} and
     * those of the trace.
     *
     * @param name in lower case
     */
    public static boolean reserved(String name) {
        if (RESERVED.contains(name)) {
            return true;
        }
        for (String prefix : RESERVED_PREFIXES) {
            if (name.startsWith(prefix)) {
                return true;
            }
        }
        return false;
    }

    /** Returns these headers without those of that name. */
    public Headers without(String name) {
        String key = key(name);
        if (!contains(key)) {
            return this;
        }
        var kept = new ArrayList<String>(entries.length);
        for (int i = 0; i < size(); i++) {
            if (!name(i).equals(key)) {
                kept.add(name(i));
                kept.add(value(i));
            }
        }
        return kept.isEmpty() ? NONE : new Headers(kept.toArray(new String[0]));
    }

    /**
     * Returns the value of a header; several values as one text, separated by {@code ", "}. A reader that expects one
     * value and gets several so notices.
     */
    public Optional<String> get(String name) {
        if (isEmpty()) {
            return Optional.empty();
        }
        List<String> values = all(name);
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(", ", values));
    }

    /** Returns all values of a header, in order; empty if there is none. */
    public List<String> all(String name) {
        String key = key(name);
        var values = new ArrayList<String>(1);
        for (int i = 0; i < size(); i++) {
            if (name(i).equals(key)) {
                values.add(value(i));
            }
        }
        return values;
    }

    /**
     * Returns all values of a header with bytes, in order; empty if there is none.
     *
     * @param name ends in {@code -bin}
     * @throws IllegalArgumentException if the name does not end so
     */
    public List<byte[]> binary(String name) {
        if (!key(name).endsWith(BINARY)) {
            throw new IllegalArgumentException(
                    "the name of a header with bytes ends in -bin, unlike " + PrintableText.quote(name));
        }
        return all(name).stream().map(Base64.getDecoder()::decode).toList();
    }

    /** Returns true if there is a header of that name. */
    public boolean contains(String name) {
        String key = key(name);
        for (int i = 0; i < size(); i++) {
            if (name(i).equals(key)) {
                return true;
            }
        }
        return false;
    }

    /** Returns true if there are none. */
    public boolean isEmpty() {
        return entries.length == 0;
    }

    /** Returns the number of values. */
    public int size() {
        return entries.length / 2;
    }

    /** Returns the name of the value at an index from 0, in lower case. */
    public String name(int index) {
        return entries[2 * index];
    }

    /** Returns the value at an index from 0; bytes as Base64 without padding. */
    public String value(int index) {
        return entries[2 * index + 1];
    }

    /** Returns false for received headers that exceed the limits of those that are sent. */
    public boolean sendable() {
        return size() <= COUNT_MAX && bytes <= BYTES_MAX;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Headers headers && Arrays.equals(entries, headers.entries);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(entries);
    }

    /** Returns the names; values may be secret. */
    @Override
    public String toString() {
        var names = new ArrayList<String>();
        for (int i = 0; i < size(); i++) {
            names.add(name(i));
        }
        return names.toString();
    }

    /**
     * Collects what a transport has received. It limits the size; {@link #reserved Reserved} names are left out, and so
     * are values that are not printable ASCII.
     */
    public static final class Receiver {
        private final List<String> headers = new ArrayList<>();
        private final List<String> trailers = new ArrayList<>();

        /**
         * Adds a header.
         *
         * @return false if its bytes are not Base64, so that it is left out
         */
        public boolean add(String name, String value) {
            String key = key(name);
            boolean trailer = key.length() > TRAILER.length() && key.startsWith(TRAILER);
            return add(trailer ? key.substring(TRAILER.length()) : key, value, trailer ? trailers : headers);
        }

        private static boolean add(String key, String value, List<String> to) {
            if (reserved(key) || !token(key)) {
                return true;
            }
            if (!key.endsWith(BINARY)) {
                if (printable(value)) {
                    to.add(key);
                    to.add(value.strip());
                }
                return true;
            }
            boolean valid = true;
            for (String each : value.split(",", -1)) {
                String canonical = canonical(each.strip());
                valid &= canonical != null;
                if (canonical != null) {
                    to.add(key);
                    to.add(canonical);
                }
            }
            return valid;
        }

        /** Returns the headers. */
        public Headers headers() {
            return headers(headers);
        }

        /** Returns the headers whose names had the prefix {@code trailer-}, without it. */
        public Headers trailers() {
            return headers(trailers);
        }

        private static Headers headers(List<String> entries) {
            return entries.isEmpty() ? NONE : new Headers(entries.toArray(new String[0]));
        }
    }
}
