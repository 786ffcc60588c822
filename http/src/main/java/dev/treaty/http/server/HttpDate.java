package dev.treaty.http.server;

import dev.treaty.core.time.Time;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The value of the header {@code Date}, formatted once a second. */
final class HttpDate {
    private static final DateTimeFormatter FORMAT =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT);

    private final Time time;
    private volatile Formatted last = new Formatted(Long.MIN_VALUE, "");

    private record Formatted(long second, String text) {}

    HttpDate(Time time) {
        this.time = time;
    }

    String now() {
        Formatted known = last;
        long second = time.instant().getEpochSecond();
        if (known.second != second) {
            known = new Formatted(second, FORMAT.format(time.instant().atOffset(ZoneOffset.UTC)));
            last = known;
        }
        return known.text;
    }
}
