package dev.treaty.example.shop;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class ShopProcessTest {
    @Test
    void training_serves_and_calls_all_services_and_ends() {
        assertThatCode(ShopProcess::train).doesNotThrowAnyException();
    }
}
