package dev.treaty.http.server;

import dev.treaty.core.call.Code;
import dev.treaty.core.call.Fault;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Compressed bodies. */
final class Gzip {
    /** Smaller responses are not compressed, since they fit into one packet. */
    private static final int COMPRESSED_MIN = 1_024;

    private Gzip() {}

    /** Whether the body of a request is compressed. */
    static boolean of(HttpHeaders headers) {
        return headers.get(HttpHeaderNames.CONTENT_ENCODING, "").strip().equalsIgnoreCase("gzip");
    }

    /** Whether the client accepts a compressed response. */
    static boolean accepted(HttpHeaders headers) {
        String codings = headers.get(HttpHeaderNames.ACCEPT_ENCODING);
        if (codings == null) {
            return false;
        }
        for (String coding : codings.toLowerCase(Locale.ROOT).split(",", -1)) {
            String[] parts = coding.split(";", 2);
            boolean refused = parts.length == 2 && parts[1].strip().matches("q=0(\\.0*)?");
            if (parts[0].strip().equals("gzip") && !refused) {
                return true;
            }
        }
        return false;
    }

    /**
     * Decompresses a body.
     *
     * @throws RequestRejected if it is not valid, or larger than the limit
     */
    static byte[] decompress(byte[] body, int bytesMax) {
        try (var in = new GZIPInputStream(new ByteArrayInputStream(body))) {
            byte[] content = in.readNBytes(bytesMax);
            if (in.read() >= 0) {
                String message = "the decompressed request is larger than the limit of " + bytesMax + " bytes";
                throw new RequestRejected(
                        Fault.unreached(Code.RESOURCE_EXHAUSTED, message).notRetryable());
            }
            return content;
        } catch (IOException e) {
            throw new RequestRejected(Code.INVALID_ARGUMENT, "the request is not valid gzip");
        }
    }

    /** Compresses a response, unless it is small. */
    static Response compress(Response response) {
        if (response.length() < COMPRESSED_MIN) {
            return response;
        }
        var bytes = new ByteArrayOutputStream(response.length() / 2);
        try (var out = new GZIPOutputStream(bytes)) {
            out.write(response.bytes(), 0, response.length());
        } catch (IOException e) {
            throw new UncheckedIOException(e); // none occur in memory
        }
        var headers = new LinkedHashMap<>(response.headers());
        headers.put("Content-Encoding", "gzip");
        headers.put("Vary", "Accept-Encoding");
        return new Response(response.status(), headers, bytes.toByteArray()).with(response.metadata());
    }
}
