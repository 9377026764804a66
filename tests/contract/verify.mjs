// Verifies webhooks with the library of Standard Webhooks: reads {secret, messages: [{headers, body}]} from the standard
// input, and ends with 1 and a line for each that is not as it was signed.
import {createRequire} from "node:module";
import {readFileSync} from "node:fs";

const {Webhook} = createRequire(process.argv[2])("standardwebhooks");
const {secret, messages} = JSON.parse(readFileSync(0, "utf8"));
const faults = [];
for (const {headers, body} of messages) {
    try {
        const told = new Webhook(secret).verify(body, headers);
        if (!told.type || !told.timestamp || !told.data) faults.push(`${headers["webhook-id"]}: ${body}`);
    } catch (wrong) {
        faults.push(`${headers["webhook-id"]}: ${wrong.message}`);
    }
    let changed = true;
    try {
        new Webhook(secret).verify(body.replace("{", "{ "), headers);
    } catch {
        changed = false;
    }
    if (changed) faults.push(`${headers["webhook-id"]}: a changed body is taken, too`);
}
console.log(faults.join("\n"));
process.exit(faults.length ? 1 : 0);
