package dev.treaty.config;

import dev.treaty.core.contract.Description;
import dev.treaty.core.text.Accepted;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Which pages in browsers may call the services of this process (CORS).
 *
 * @param origins the origins of the pages, such as {@code https://shop.example}; none by default
 */
public record CorsSettings(
        @Description("The origins of pages in browsers that may call the services.")
        @Accepted(pattern = "https?://[a-z0-9.\\[\\]:-]+", value = "origins, such as `[https://shop.example]`")
        List<String> origins) {
    /** No page may. */
    public static final CorsSettings DEFAULT = new CorsSettings(List.of());

    private static final Pattern ORIGIN = Pattern.compile("https?://[a-z0-9.\\[\\]:-]+");

    /** @throws IllegalArgumentException if an origin is not a scheme, a host and perhaps a port */
    public CorsSettings {
        origins = List.copyOf(origins);
        for (String origin : origins) {
            if (!ORIGIN.matcher(origin).matches()) {
                throw new IllegalArgumentException("\"" + origin
                        + "\" is not an origin: write the scheme, the host and perhaps the port, such as"
                        + " https://shop.example");
            }
        }
    }
}
