package dev.treaty.codec.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random bytes, of which many are valid, are judged as by Java's decoder. */
class Utf8Test {
    private static final int[] BYTES = {
        'a', 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xAF, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1,
        0xF4, 0xF5, 0xFF
    };

    @Test
    void bytes_are_valid_exactly_if_they_can_be_decoded_W6() {
        var random = new Random(1);
        int valid = 0;
        for (int i = 0; i < 200_000; i++) {
            byte[] bytes = new byte[1 + random.nextInt(6) + 8 * random.nextInt(2)];
            for (int j = 0; j < bytes.length; j++) {
                bytes[j] = (byte) (random.nextInt(3) == 0 ? 'a' : BYTES[random.nextInt(BYTES.length)]);
            }
            int offset = random.nextInt(bytes.length);
            int length = bytes.length - offset;
            boolean decoded = decoded(bytes, offset, length);
            valid += decoded ? 1 : 0;
            assertThat(Utf8.valid(bytes, offset, length)).isEqualTo(decoded);
        }
        assertThat(valid).isBetween(10_000, 150_000);
    }

    private static boolean decoded(byte[] bytes, int offset, int length) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, offset, length));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
