"""RxNorm products of the drugs that the workbench offers most, so that an order looks real.

By ingredient: the code of a product (SCD) and its RxNorm name. Each pair stands in the examples of
this house; that a code is of its drug is held against our drug tables by a test. A drug that is not
here is ordered by its ingredient, as many EHRs do. RxNorm names: US National Library of Medicine,
public domain.
"""

from types import MappingProxyType

PRODUCTS = MappingProxyType(
    {
        "abacavir": ("242679", "abacavir 300 MG Oral Tablet"),
        "allopurinol": ("197319", "allopurinol 100 MG Oral Tablet"),
        "amiodarone": ("833528", "amiodarone hydrochloride 200 MG Oral Tablet"),
        "amitriptyline": ("856834", "amitriptyline hydrochloride 25 MG Oral Tablet"),
        "aspirin": ("243670", "aspirin 81 MG Oral Tablet"),
        "atazanavir": ("664741", "atazanavir 300 MG Oral Capsule"),
        "atomoxetine": ("349591", "atomoxetine 10 MG Oral Capsule"),
        "azathioprine": ("197388", "azathioprine 50 MG Oral Tablet"),
        "azithromycin": ("308460", "azithromycin 250 MG Oral Tablet"),
        "bupropion": ("993503", "bupropion hydrochloride 150 MG Extended Release Oral Tablet"),
        "capecitabine": ("200328", "capecitabine 500 MG Oral Tablet"),
        "carbamazepine": ("308979", "carbamazepine 200 MG Oral Tablet"),
        "ciprofloxacin": ("309309", "ciprofloxacin 500 MG Oral Tablet"),
        "citalopram": ("200371", "citalopram 20 MG Oral Tablet"),
        "clopidogrel": ("309362", "clopidogrel 75 MG Oral Tablet"),
        "codeine": ("997287", "codeine sulfate 30 MG Oral Tablet"),
        "dolutegravir": ("1433873", "dolutegravir 50 MG Oral Tablet"),
        "efavirenz": ("349477", "efavirenz 600 MG Oral Tablet"),
        "entecavir": ("485434", "entecavir 1 MG Oral Tablet"),
        "escitalopram": ("349332", "escitalopram 10 MG Oral Tablet"),
        "fluorouracil": ("239177", "fluorouracil 50 MG/ML Injectable Solution"),
        "fluoxetine": ("310385", "fluoxetine 20 MG Oral Capsule"),
        "gentamicin": ("313996", "gentamicin 40 MG/ML Injectable Solution"),
        "ibuprofen": ("197805", "ibuprofen 400 MG Oral Tablet"),
        "isoniazid": ("197832", "isoniazid 300 MG Oral Tablet"),
        "lamivudine": ("199147", "lamivudine 300 MG Oral Tablet"),
        "mercaptopurine": ("197931", "mercaptopurine 50 MG Oral Tablet"),
        "metoprolol": ("866514", "metoprolol tartrate 50 MG Oral Tablet"),
        "omeprazole": ("198051", "omeprazole 20 MG Delayed Release Oral Capsule"),
        "ondansetron": ("198052", "ondansetron 4 MG Oral Tablet"),
        "oxcarbazepine": ("312137", "oxcarbazepine 300 MG Oral Tablet"),
        "paroxetine": ("1738483", "paroxetine 10 MG Oral Tablet"),
        "phenytoin": ("855671", "phenytoin sodium 100 MG Extended Release Oral Capsule"),
        "raltegravir": ("744842", "raltegravir 400 MG Oral Tablet"),
        "rasburicase": ("1790344", "rasburicase 1.5 MG Injection"),
        "rifampin": ("198202", "rifampin 300 MG Oral Capsule"),
        "sertraline": ("312941", "sertraline 50 MG Oral Tablet"),
        "sevoflurane": ("200243", "sevoflurane 1000 MG/ML Inhalation Solution"),
        "simvastatin": ("314231", "simvastatin 40 MG Oral Tablet"),
        "sotalol": ("904589", "sotalol hydrochloride 80 MG Oral Tablet"),
        "tacrolimus": ("198377", "tacrolimus 1 MG Oral Capsule"),
        "tamoxifen": ("313195", "tamoxifen 20 MG Oral Tablet"),
        "tramadol": ("835603", "tramadol hydrochloride 50 MG Oral Tablet"),
        "valproate": ("1099678", "valproic acid 250 MG Oral Capsule"),
        "voriconazole": ("349434", "voriconazole 200 MG Oral Tablet"),
        "warfarin": ("855332", "warfarin sodium 5 MG Oral Tablet"),
    }
)
