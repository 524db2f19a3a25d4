/* What an EHR does after a suggestion was accepted: its actions change the draft, and the hook is
   fired again. Here the draft stands in the box (a hook request) or among the drugs picked. */
"use strict";
(() => {
  const form = document.getElementById("bench");
  if (!form) return;

  const shown = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "null");

  // The Bundles of drafts in a context, and the orders in them, in their order.
  const bundles = (request) => Object.values(request?.context ?? {}).filter((each) => each?.resourceType === "Bundle");
  const drafts = (request) => bundles(request).flatMap((bundle) => (bundle.entry ?? []).map((entry) => entry.resource)).filter((each) => each?.resourceType === "MedicationRequest");

  const drugOf = (order) => {
    const named = order.medicationReference?.reference?.split("/").pop().replace("#", "");
    const concept = order.medicationCodeableConcept ?? (order.contained ?? []).find((each) => each.id === named)?.code;
    return concept?.text ?? concept?.coding?.find((each) => each.display)?.display ?? order.medicationReference?.display ?? "";
  };

  // The place of the draft that an action changes or removes, among the orders sent; -1 for none.
  const placeOf = (action, sent) => {
    const id = action.resource?.id ?? String([action.resourceId].flat()[0] ?? "").split("/").pop();
    return sent.findIndex((each) => each.id === id);
  };

  // Each gives how many of the actions it could carry out.
  const inRequest = (request, actions, sent) => {
    const own = drafts(request); // as they stood: an action changes no other's place
    const put = (old, made) => bundles(request).forEach((bundle) => {
      bundle.entry = (bundle.entry ?? []).flatMap((entry) => (entry.resource !== old ? [entry] : made ? [{ ...entry, resource: made }] : []));
    });
    return actions.filter((action) => {
      if (action.type === "create") {
        const bundle = bundles(request)[0];
        if (bundle && action.resource) (bundle.entry ??= []).push({ resource: action.resource });
        return bundle && action.resource;
      }
      const old = own[placeOf(action, sent)];
      if (!old) return false;
      const { medicationReference, ...rest } = old;
      put(old, action.type === "delete" ? null : action.resource.id === old.id ? action.resource : { ...rest, medicationCodeableConcept: { text: drugOf(action.resource) } });
      return true;
    }).length;
  };

  const amongDrugs = (chips, actions, sent) => actions.filter((action) => {
    const place = action.type === "create" ? chips.length : placeOf(action, sent);
    const drug = action.resource?.resourceType === "MedicationRequest" ? drugOf(action.resource) : "";
    if (place < 0 || (!drug && action.type !== "delete")) return false;
    if (action.type !== "delete" && chips[place] === drug) return false; // a dose: none stands here
    chips[place] = action.type === "delete" ? "" : drug;
    return true;
  }).length;

  const apply = (button) => {
    const chosen = new Set(button.dataset.apply.split(" "));
    const request = shown("raw-request");
    const answer = shown("raw-response");
    const actions = (answer?.cards ?? []).flatMap((card) => card.suggestions ?? []).filter((each) => chosen.has(each.uuid)).flatMap((each) => each.actions ?? []);
    const held = form.querySelector('[data-chips="drug"]');
    const chips = [...held.querySelectorAll("input")].map((each) => each.value);
    let done = 0;
    if (chips.length) {
      done = amongDrugs(chips, actions, drafts(request));
      held.replaceChildren(...chips.filter(Boolean).map((value) => Object.assign(document.createElement("input"), { type: "hidden", name: "drug", value })));
    } else {
      const box = form.elements.data;
      let own = null;
      try { own = JSON.parse(box.value); } catch { /* no request stands in the box */ }
      if (own?.context) done = inRequest(own, actions, drafts(request));
      if (done) box.value = JSON.stringify(own, null, 2);
    }
    if (done) form.dispatchEvent(new Event("applied"));
    else {
      button.disabled = true;
      button.textContent = "Not applied: the order here holds a drug alone, and this changes something else";
    }
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-apply]");
    if (button) apply(button);
  });
})();
