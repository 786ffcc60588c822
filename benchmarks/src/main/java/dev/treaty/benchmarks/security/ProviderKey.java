package dev.treaty.benchmarks.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.AlgorithmParameterSpec;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.NamedParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/**
 * The key with which a provider signs tokens.
 *
 * @param algorithm as in the header of a token; also the key's id
 */
record ProviderKey(String algorithm, KeyPair pair) {
    private static final int COORDINATE_BYTES = 32;
    private static final int RSA_BITS = 2_048;

    /** A new key for {@code EdDSA}, {@code ES256} or {@code RS256}. */
    static ProviderKey create(String algorithm) {
        return switch (algorithm) {
            case "EdDSA" -> create(algorithm, "Ed25519", NamedParameterSpec.ED25519);
            case "ES256" -> create(algorithm, "EC", new ECGenParameterSpec("secp256r1"));
            default -> create(algorithm, "RSA", new RSAKeyGenParameterSpec(RSA_BITS, RSAKeyGenParameterSpec.F4));
        };
    }

    private static ProviderKey create(String algorithm, String kind, AlgorithmParameterSpec parameters) {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance(kind);
            generator.initialize(parameters);
            return new ProviderKey(algorithm, generator.generateKeyPair());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A token with these claims, as JSON. */
    String sign(String claims) {
        String input = base64("{\"alg\":\"" + algorithm + "\",\"kid\":\"" + algorithm + "\",\"typ\":\"at+jwt\"}") + "."
                + base64(claims);
        try {
            Signature signature = Signature.getInstance(
                    switch (algorithm) {
                        case "EdDSA" -> "Ed25519";
                        case "ES256" -> "SHA256withECDSAinP1363Format";
                        default -> "SHA256withRSA";
                    });
            signature.initSign(pair.getPrivate());
            signature.update(input.getBytes(StandardCharsets.US_ASCII));
            return input + "." + base64(signature.sign());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Keys as a provider publishes them. */
    static String jwks(List<ProviderKey> keys) {
        return "{\"keys\":["
                + String.join(",", keys.stream().map(ProviderKey::jwk).toList()) + "]}";
    }

    private String jwk() {
        byte[] encoded = pair.getPublic().getEncoded();
        String of = switch (pair.getPublic()) {
            case ECPublicKey ec ->
                "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\""
                        + base64(coordinate(ec.getW().getAffineX().toByteArray())) + "\",\"y\":\""
                        + base64(coordinate(ec.getW().getAffineY().toByteArray())) + "\"";
            case RSAPublicKey rsa ->
                "\"kty\":\"RSA\",\"n\":\""
                        + base64(withoutSign(rsa.getModulus().toByteArray())) + "\",\"e\":\""
                        + base64(withoutSign(rsa.getPublicExponent().toByteArray())) + "\"";
            default ->
                "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\""
                        + base64(Arrays.copyOfRange(encoded, encoded.length - COORDINATE_BYTES, encoded.length))
                        + "\"";
        };
        return "{\"kid\":\"" + algorithm + "\",\"alg\":\"" + algorithm + "\",\"use\":\"sig\"," + of + "}";
    }

    private static byte[] withoutSign(byte[] number) {
        return number[0] == 0 ? Arrays.copyOfRange(number, 1, number.length) : number;
    }

    private static byte[] coordinate(byte[] number) {
        byte[] digits = withoutSign(number);
        byte[] padded = new byte[COORDINATE_BYTES];
        System.arraycopy(digits, 0, padded, COORDINATE_BYTES - digits.length, digits.length);
        return padded;
    }

    private static String base64(String text) {
        return base64(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }
}
