package dev.treaty.security;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jose.util.Base64URL;
import dev.treaty.codec.Json;
import dev.treaty.security.token.Ed25519;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes tokens of any header and payload, genuine and forged. */
final class TokenMint {
    private TokenMint() {}

    /** A key of an issuer: what it publishes and how it signs. */
    record Key(String id, String algorithm, JWK jwk, JWSSigner signer) {
        static Key ed25519(String id) {
            KeyPair pair = Ed25519.generate();
            var jwk = new OctetKeyPair.Builder(Curve.Ed25519, Base64URL.encode(Ed25519.bytes(pair.getPublic())))
                    .keyID(id)
                    .build();
            return new Key(id, "EdDSA", jwk, Ed25519.signer(pair.getPrivate()));
        }

        static Key es256(String id) {
            try {
                ECKey key = new ECKeyGenerator(Curve.P_256).keyID(id).generate();
                return new Key(id, "ES256", key.toPublicJWK(), new ECDSASigner(key));
            } catch (JOSEException e) {
                throw new AssertionError(e);
            }
        }

        static Key rs256(String id) {
            try {
                RSAKey key = new RSAKeyGenerator(2048).keyID(id).generate();
                return new Key(id, "RS256", key.toPublicJWK(), new RSASSASigner(key));
            } catch (JOSEException e) {
                throw new AssertionError(e);
            }
        }

        String sign(String headerJson, String payloadJson) {
            String input = encode(headerJson) + "." + encode(payloadJson);
            try {
                var header = new JWSHeader(JWSAlgorithm.parse(algorithm));
                return input + "." + signer.sign(header, input.getBytes(StandardCharsets.US_ASCII));
            } catch (JOSEException e) {
                throw new AssertionError(e);
            }
        }

        String sign(Map<String, Object> claims) {
            return sign(Json.text(header()), Json.text(claims));
        }

        Map<String, Object> header() {
            Map<String, Object> header = new LinkedHashMap<>();
            header.put("alg", algorithm);
            header.put("kid", id);
            header.put("typ", "at+jwt");
            return header;
        }
    }

    static String jwks(List<Key> keys) {
        return "{\"keys\":["
                + String.join(
                        ",", keys.stream().map(key -> key.jwk().toJSONString()).toList()) + "]}";
    }

    static String encode(String text) {
        return encode(text.getBytes(StandardCharsets.UTF_8));
    }

    static String encode(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static String decode(String part) {
        return new String(Base64.getUrlDecoder().decode(part), StandardCharsets.UTF_8);
    }
}
