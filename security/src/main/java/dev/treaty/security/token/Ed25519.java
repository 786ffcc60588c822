package dev.treaty.security.token;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.JWSVerifier;
import com.nimbusds.jose.jca.JCAContext;
import com.nimbusds.jose.util.Base64URL;
import java.io.ByteArrayOutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Set;

/** Ed25519 (RFC 8032, RFC 8037) on the JDK's provider: keys by their 32 bytes, signer and verifier for Nimbus. */
public final class Ed25519 {
    private static final String NAME = "Ed25519";
    private static final int KEY_BYTES = 32;
    private static final int SIGNATURE_BYTES = 64;
    private static final byte[] PUBLIC_PREFIX = HexFormat.of().parseHex("302a300506032b6570032100");
    private static final byte[] PRIVATE_PREFIX = HexFormat.of().parseHex("302e020100300506032b657004220420");

    private Ed25519() {}

    /** A new pair, of the JDK's own random numbers. */
    public static KeyPair generate() {
        try {
            return KeyPairGenerator.getInstance(NAME).generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw missing(e);
        }
    }

    /** Returns the 32 bytes of a key of this class. */
    public static byte[] bytes(java.security.Key key) {
        byte[] encoded = key.getEncoded();
        return Arrays.copyOfRange(encoded, encoded.length - KEY_BYTES, encoded.length);
    }

    /**
     * Returns the public key with these 32 bytes.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static PublicKey publicKey(byte[] bytes) {
        try {
            return KeyFactory.getInstance(NAME).generatePublic(new X509EncodedKeySpec(encoded(PUBLIC_PREFIX, bytes)));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a public key of Ed25519", e);
        }
    }

    /**
     * Returns the private key with these 32 bytes.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static PrivateKey privateKey(byte[] bytes) {
        try {
            return KeyFactory.getInstance(NAME)
                    .generatePrivate(new PKCS8EncodedKeySpec(encoded(PRIVATE_PREFIX, bytes)));
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException("not a private key of Ed25519", e);
        }
    }

    private static byte[] encoded(byte[] prefix, byte[] bytes) {
        if (bytes.length != KEY_BYTES) {
            throw new IllegalArgumentException("a key of Ed25519 has " + KEY_BYTES + " bytes");
        }
        var encoded = new ByteArrayOutputStream();
        encoded.writeBytes(prefix);
        encoded.writeBytes(bytes);
        return encoded.toByteArray();
    }

    /** Signs with a private key. */
    public static JWSSigner signer(PrivateKey key) {
        return new Signer(key);
    }

    /** Verifies with a public key. */
    public static JWSVerifier verifier(PublicKey key) {
        return new Verifier(key);
    }

    private static IllegalStateException missing(GeneralSecurityException e) {
        return new IllegalStateException("every Java has " + NAME, e);
    }

    private record Signer(PrivateKey key) implements JWSSigner {
        @Override
        public Base64URL sign(JWSHeader header, byte[] input) throws JOSEException {
            try {
                Signature signature = Signature.getInstance(NAME);
                signature.initSign(key);
                signature.update(input);
                return Base64URL.encode(signature.sign());
            } catch (GeneralSecurityException e) {
                throw new JOSEException("the key cannot sign", e);
            }
        }

        @Override
        public Set<JWSAlgorithm> supportedJWSAlgorithms() {
            return Set.of(JWSAlgorithm.EdDSA);
        }

        @Override
        public JCAContext getJCAContext() {
            return new JCAContext();
        }

        @Override
        public String toString() {
            return "Signer[" + NAME + "]";
        }
    }

    private record Verifier(PublicKey key) implements JWSVerifier {
        @Override
        public boolean verify(JWSHeader header, byte[] input, Base64URL signed) {
            byte[] bytes = signed.decode();
            if (bytes.length != SIGNATURE_BYTES || !JWSAlgorithm.EdDSA.equals(header.getAlgorithm())) {
                return false;
            }
            try {
                Signature signature = Signature.getInstance(NAME);
                signature.initVerify(key);
                signature.update(input);
                return signature.verify(bytes);
            } catch (GeneralSecurityException e) {
                return false; // such as an encoding that is out of range
            }
        }

        @Override
        public Set<JWSAlgorithm> supportedJWSAlgorithms() {
            return Set.of(JWSAlgorithm.EdDSA);
        }

        @Override
        public JCAContext getJCAContext() {
            return new JCAContext();
        }
    }
}
