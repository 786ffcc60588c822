package dev.treaty.security.tls;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A block of a PEM file. */
final class Pem {
    private static final Pattern BEGIN = Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----");

    private final String label;
    private final byte[] der;

    private Pem(String label, byte[] der) {
        this.label = label;
        this.der = der;
    }

    /** What it is, such as {@code CERTIFICATE}. */
    String label() {
        return label;
    }

    /** Its content; empty if it is encrypted in the way of openssl before PKCS#8. */
    byte[] der() {
        return der;
    }

    /** Returns the blocks of a file; text around them does not count. */
    static List<Pem> blocks(Path file, byte[] content) throws CertificateException {
        String text = new String(content, StandardCharsets.ISO_8859_1);
        var blocks = new ArrayList<Pem>();
        Matcher begin = BEGIN.matcher(text);
        int from = 0;
        while (begin.find(from)) {
            String label = begin.group(1);
            int end = text.indexOf("-----END " + label + "-----", begin.end());
            if (end < 0) {
                throw new CertificateException(file + " is cut off: a block " + label + " has no end");
            }
            blocks.add(new Pem(label, der(file, text.substring(begin.end(), end))));
            from = end;
        }
        return blocks;
    }

    private static byte[] der(Path file, String block) throws CertificateException {
        if (block.contains("ENCRYPTED")) {
            return new byte[0];
        }
        try {
            return Base64.getDecoder().decode(block.replaceAll("\\s", ""));
        } catch (IllegalArgumentException e) {
            throw new CertificateException(file + " is damaged: a block is not Base64", e);
        }
    }

    @Override
    public String toString() {
        return label;
    }
}
