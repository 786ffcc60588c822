import dev.treaty.codec.Json;
import java.nio.charset.StandardCharsets;
import java.util.Map;

class CodecExample {
    void example() {
        // @start region="codec"
        String text = Json.text(Map.of("id", "42", "count", 3));
        Object value = Json.read(text.getBytes(StandardCharsets.UTF_8));
        // @end
    }
}
