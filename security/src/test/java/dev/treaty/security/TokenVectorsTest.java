package dev.treaty.security;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import dev.treaty.security.token.Ed25519;
import dev.treaty.security.token.ParsedToken;
import dev.treaty.security.token.VerificationKey;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The examples of RFC 7515 (appendix A) and RFC 8037 (appendix A). */
class TokenVectorsTest {
    private static final String CLAIMS =
            "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

    private static final String RSA_KEY =
            "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJc"
                    + "yQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG"
                    + "6b32690r2jZ47soMZo9wGzjb"
                    + "_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3"
                    + "qCo5ZwKh9kG4LT6_I5IhlJH7aGhyx"
                    + "XFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ\",\"e\":\"AQAB\"}";

    private static final String RSA_SIGNATURE =
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbd"
                    + "s9uJdbF9CUAr7t1dnZc"
                    + "AcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383L"
                    + "cOLn6_dO--xi12jzDwusC-eOkHWEs"
                    + "qtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_Ioy"
                    + "pGlUPQGe77Rw";

    private static final String EC_KEY = "{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\","
            + "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKI"
            + "WI5a0\"}";

    private static final String EC_SIGNATURE =
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    private static final String ED_KEY = "{\"kty\":\"OKP\",\"kid\":\"k\",\"crv\":\"Ed25519\","
            + "\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}";

    private static final String ED_INPUT = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    private static final String ED_SIGNATURE =
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    private static boolean verifies(String jwk, String algorithm, String input, String signature) {
        VerificationKey key = VerificationKey.read(jwk).orElseThrow();
        return key.verifies(new ParsedToken(
                algorithm,
                "k",
                "",
                Map.of(),
                input.getBytes(StandardCharsets.US_ASCII),
                Base64.getUrlDecoder().decode(signature)));
    }

    @Test
    void the_examples_of_the_standards_verify_with_their_own_algorithm_only() {
        String rsa = "eyJhbGciOiJSUzI1NiJ9." + CLAIMS;
        String ec = "eyJhbGciOiJFUzI1NiJ9." + CLAIMS;
        assertThat(verifies(RSA_KEY, "RS256", rsa, RSA_SIGNATURE)).isTrue();
        assertThat(verifies(EC_KEY, "ES256", ec, EC_SIGNATURE)).isTrue();
        assertThat(verifies(ED_KEY, "EdDSA", ED_INPUT, ED_SIGNATURE)).isTrue();
        assertThat(verifies(RSA_KEY, "HS256", rsa, RSA_SIGNATURE)).isFalse();
        assertThat(verifies(EC_KEY, "ES256", ec + "A", EC_SIGNATURE)).isFalse();
        assertThat(verifies(ED_KEY, "EdDSA", ED_INPUT, RSA_SIGNATURE)).isFalse();
    }

    @Test
    void a_signature_with_ed25519_is_that_of_the_standard() throws Exception {
        var key = Ed25519.privateKey(Base64.getUrlDecoder().decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"));
        assertThat(Ed25519.signer(key)
                        .sign(new JWSHeader(JWSAlgorithm.EdDSA), ED_INPUT.getBytes(StandardCharsets.US_ASCII)))
                .hasToString(ED_SIGNATURE);
    }

    @Test
    void keys_that_verify_nothing_are_left_out() {
        String keys = String.join(
                ",",
                ED_KEY,
                ED_KEY.replace("\"kid\":\"k\",", ""),
                ED_KEY.replace("{", "{\"use\":\"enc\","),
                ED_KEY.replace("{", "{\"alg\":\"ES256\","),
                EC_KEY.replace("P-256", "P-384"),
                "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"AAAA\"}",
                "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"ofgWCuLjybRlzo0t\",\"e\":\"AQAB\"}",
                "{\"kty\":\"x\"}",
                "7");
        assertThat(VerificationKey.readAll("{\"keys\":[" + keys + "]}"))
                .extracting(VerificationKey::algorithm)
                .containsExactly("EdDSA");
    }
}
