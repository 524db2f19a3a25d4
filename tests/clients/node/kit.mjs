// A session of fhir-kit-client: prints what it saw, for the test that started it.
import { Client } from "fhir-kit-client";

async function main(baseUrl) {
  const client = new Client({ baseUrl });
  const seen = {};
  seen.version = (await client.capabilityStatement()).fhirVersion;

  let page = await client.resourceSearch({
    resourceType: "Observation",
    searchParams: { patient: "p1", _count: "3" },
  });
  seen.total = page.total;
  seen.ids = [];
  while (page) {
    seen.ids.push(...page.entry.map((each) => each.resource.id));
    page = await client.nextPage({ bundle: page });
  }

  const posted = await client.resourceSearch({
    resourceType: "Observation",
    searchParams: { patient: "p2", code: "http://loinc.org|84413-4" },
    options: { postSearch: true },
  });
  seen.posted = posted.total;

  const everything = await client.operation({
    name: "$everything",
    resourceType: "Patient",
    id: "p1",
    method: "GET",
  });
  seen.everything = everything.entry.length;

  // The base with a trailing slash is how it sends a transaction.
  const answered = await client.transaction({
    body: {
      resourceType: "Bundle",
      type: "transaction",
      entry: [
        {
          fullUrl: "urn:uuid:5c9b2a04-0000-4000-8000-000000000001",
          resource: { resourceType: "Patient", name: [{ family: "Kit-Synthetic" }] },
          request: { method: "POST", url: "Patient" },
        },
        {
          resource: {
            resourceType: "Condition",
            code: { text: "Synthetic" },
            subject: { reference: "urn:uuid:5c9b2a04-0000-4000-8000-000000000001" },
          },
          request: { method: "POST", url: "Condition" },
        },
      ],
    },
  });
  seen.statuses = answered.entry.map((each) => each.response.status.slice(0, 3));
  const [, type, id] = answered.entry[1].response.location.match(/(Condition)\/([^/]+)/);
  const made = await client.read({ resourceType: type, id });
  seen.subject = made.subject.reference;
  const version = made.meta.versionId;
  seen.vread = (await client.vread({ resourceType: type, id, version })).id === id;
  seen.history = (await client.resourceHistory({ resourceType: type, id })).entry.length;
  await client.delete({ resourceType: type, id });
  try {
    await client.read({ resourceType: type, id });
  } catch (error) {
    seen.gone = error.response.status;
    seen.outcome = error.response.data.resourceType;
  }
  return seen;
}

main(process.argv[2]).then((seen) => console.log(JSON.stringify(seen)));
