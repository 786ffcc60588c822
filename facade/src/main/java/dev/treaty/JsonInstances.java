package dev.treaty;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.treaty.codec.JsonCodec;
import dev.treaty.codec.MessageException;
import dev.treaty.core.contract.Contract;
import dev.treaty.core.contract.Idempotent;
import dev.treaty.core.contract.ServiceContract;
import dev.treaty.registry.RegistryProtocol;
import dev.treaty.registry.spi.InstanceFormat;
import java.io.ByteArrayOutputStream;

/** Instances as the JSON that a registry's process would answer with, so that both are read alike. */
public final class JsonInstances implements InstanceFormat {
    private final JsonCodec codec;

    /** Works out how. */
    public JsonInstances() {
        var contract = ServiceContract.of(Form.class);
        codec = new JsonCodec(contract.name(), contract.operation("instance").orElseThrow());
    }

    /** An operation that answers with an instance: what a codec is made for. */
    @Contract(name = "treaty.Form", version = "1.0.0")
    interface Form {
        /** An instance. */
        @Idempotent
        RegistryProtocol.Instance instance();
    }

    @Override
    public String write(RegistryProtocol.Instance instance) {
        var json = new ByteArrayOutputStream();
        codec.writeResponse(instance, json);
        return json.toString(UTF_8);
    }

    @Override
    public RegistryProtocol.Instance read(String text) {
        byte[] json = text.getBytes(UTF_8);
        try {
            Object read = codec.readResponse(json, 0, json.length);
            if (read instanceof RegistryProtocol.Instance instance) {
                return instance;
            }
            throw new IllegalArgumentException("the text is no instance");
        } catch (MessageException e) {
            throw new IllegalArgumentException(e.sentence(), e);
        }
    }
}
