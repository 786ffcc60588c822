// Reads an OpenAPI document from standard input and checks it against the official schema of its version.
import { Validator } from "@seriousme/openapi-schema-validator";
import { text } from "node:stream/consumers";

const validator = new Validator();
const { valid, errors } = await validator.validate(JSON.parse(await text(process.stdin)));
console.log(JSON.stringify({ valid, version: validator.version ?? null, errors: errors ?? [] }));
