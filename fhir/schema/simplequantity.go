package schema

import "strings"

// simpleQuantities are the elements that R4's StructureDefinitions give the profile
// SimpleQuantity: a Quantity without a comparator (sqy-1), by the type that has them.
var simpleQuantities = func() map[string]bool {
	all := map[string]bool{}
	for _, path := range strings.Fields(`ActivityDefinition.quantity CarePlan.activity.detail.dailyAmount CarePlan.activity.detail.quantity
	Claim.item.detail.quantity Claim.item.detail.subDetail.quantity Claim.item.quantity ClaimResponse.addItem.detail.quantity
	ClaimResponse.addItem.detail.subDetail.quantity ClaimResponse.addItem.quantity Contract.term.asset.valuedItem.quantity
	Coverage.costToBeneficiary.value CoverageEligibilityRequest.item.quantity Dosage.doseAndRate.dose Dosage.doseAndRate.rate
	Dosage.maxDosePerAdministration Dosage.maxDosePerLifetime ExplanationOfBenefit.addItem.detail.quantity
	ExplanationOfBenefit.addItem.detail.subDetail.quantity ExplanationOfBenefit.addItem.quantity ExplanationOfBenefit.item.detail.quantity
	ExplanationOfBenefit.item.detail.subDetail.quantity ExplanationOfBenefit.item.quantity Immunization.doseQuantity
	MedicationAdministration.dosage.dose MedicationAdministration.dosage.rate MedicationDispense.daysSupply MedicationDispense.quantity
	MedicationKnowledge.administrationGuidelines.patientCharacteristics.characteristic MedicationKnowledge.amount
	MedicationKnowledge.drugCharacteristic.value MedicationKnowledge.kinetics.areaUnderCurve MedicationKnowledge.kinetics.lethalDose50
	MedicationKnowledge.packaging.quantity MedicationKnowledge.regulatory.maxDispense.quantity MedicationRequest.dispenseRequest.initialFill.quantity
	MedicationRequest.dispenseRequest.quantity NutritionOrder.enteralFormula.administration.quantity NutritionOrder.enteralFormula.administration.rate
	NutritionOrder.enteralFormula.caloricDensity NutritionOrder.enteralFormula.maxVolumeToDeliver NutritionOrder.oralDiet.nutrient.amount
	NutritionOrder.supplement.quantity Observation.referenceRange.high Observation.referenceRange.low Range.high Range.low SampledData.origin
	Specimen.collection.quantity Specimen.container.capacity Specimen.container.specimenQuantity SpecimenDefinition.typeTested.container.capacity
	SpecimenDefinition.typeTested.container.minimumVolume Substance.instance.quantity SupplyDelivery.suppliedItem.quantity
	VisionPrescription.lensSpecification.duration`) {
		all[path] = true
	}
	return all
}()

// IsSimpleQuantity reports whether an element of the type is a Quantity that can have
// no comparator.
func (t *Type) IsSimpleQuantity(element string) bool { return simpleQuantities[t.Name+"."+element] }
