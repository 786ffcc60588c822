package dev.treaty.security.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.crypto.ECDSAVerifier;
import com.nimbusds.jose.crypto.RSASSAVerifier;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.KeyOperation;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.util.Base64URL;
import dev.treaty.codec.Json;
import dev.treaty.codec.MessageException;
import java.text.ParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A public key of an issuer, for one algorithm: Ed25519 for {@code EdDSA}, P-256 for {@code ES256}, RSA of 2048 to 8192
 * bits for {@code RS256}. Two are equal if they have the same id and the same key.
 */
public final class VerificationKey {
    private static final int KEYS_MAX = 100;
    private static final int RSA_BITS_MIN = 2_048;
    private static final int RSA_BITS_MAX = 8_192;

    private final String id;
    private final String thumbprint;
    private final JWSHeader header;
    private final JWSVerifier verifier;

    private VerificationKey(String id, String thumbprint, JWSAlgorithm algorithm, JWSVerifier verifier) {
        this.id = id;
        this.thumbprint = thumbprint;
        this.header = new JWSHeader(algorithm);
        this.verifier = verifier;
    }

    /**
     * Reads a set of keys (RFC 7517). Keys for other purposes, of other kinds or without an id are left out.
     *
     * @throws IllegalArgumentException if it is not a set of keys, or has more than 100
     */
    public static List<VerificationKey> readAll(String json) {
        Object read;
        try {
            read = Json.read(json);
        } catch (MessageException e) {
            throw new IllegalArgumentException("the keys are not JSON", e);
        }
        if (!(read instanceof Map<?, ?> set && set.get("keys") instanceof List<?> list) || list.size() > KEYS_MAX) {
            throw new IllegalArgumentException("it is not a set of at most " + KEYS_MAX + " keys");
        }
        List<VerificationKey> keys = new ArrayList<>();
        for (Object each : list) {
            read(Json.text(each)).ifPresent(keys::add);
        }
        return keys;
    }

    /** Reads a key; empty if it is none that verifies tokens. */
    public static Optional<VerificationKey> read(String json) {
        try {
            JWK key = JWK.parse(json);
            String id = key.getKeyID();
            boolean verifies = (key.getKeyUse() == null || key.getKeyUse().equals(KeyUse.SIGNATURE))
                    && (key.getKeyOperations() == null || key.getKeyOperations().contains(KeyOperation.VERIFY));
            return id == null || id.isEmpty() || !verifies ? Optional.empty() : create(id, key);
        } catch (ParseException | JOSEException | RuntimeException e) {
            return Optional.empty(); // of a kind that is not supported, or broken: it verifies nothing
        }
    }

    private static Optional<VerificationKey> create(String id, JWK key) throws JOSEException {
        JWSAlgorithm algorithm;
        JWSVerifier verifier;
        switch (key) {
            case OctetKeyPair pair
            when Curve.Ed25519.equals(pair.getCurve()) -> {
                algorithm = JWSAlgorithm.EdDSA;
                verifier = Ed25519.verifier(Ed25519.publicKey(pair.getDecodedX()));
            }
            case ECKey point
            when Curve.P_256.equals(point.getCurve()) -> {
                algorithm = JWSAlgorithm.ES256;
                verifier = new ECDSAVerifier(point.toECPublicKey());
            }
            case RSAKey rsa
            when rsa.size() >= RSA_BITS_MIN && rsa.size() <= RSA_BITS_MAX -> {
                algorithm = JWSAlgorithm.RS256;
                verifier = new RSASSAVerifier(rsa.toRSAPublicKey());
            }
            default -> {
                return Optional.empty();
            }
        }
        if (key.getAlgorithm() != null && !key.getAlgorithm().equals(algorithm)) {
            return Optional.empty();
        }
        return Optional.of(new VerificationKey(id, key.computeThumbprint().toString(), algorithm, verifier));
    }

    /** Its id. */
    public String id() {
        return id;
    }

    /** Its only algorithm. */
    public String algorithm() {
        return header.getAlgorithm().getName();
    }

    /** Returns whether a token has been signed by the owner of this key. It takes up to a millisecond. */
    public boolean verifies(ParsedToken token) {
        if (!token.algorithm().equals(algorithm()) || !token.keyId().equals(id)) {
            return false;
        }
        try {
            return verifier.verify(header, token.signed(), Base64URL.encode(token.signature()));
        } catch (JOSEException e) {
            return false;
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VerificationKey key && key.id.equals(id) && key.thumbprint.equals(thumbprint);
    }

    @Override
    public int hashCode() {
        return thumbprint.hashCode();
    }

    @Override
    public String toString() {
        return "VerificationKey[" + id + ", " + algorithm() + "]";
    }
}
