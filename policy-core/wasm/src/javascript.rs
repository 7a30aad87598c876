//! The class that JavaScript sees.

use js_sys::JSON;
use policy_core::compact;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsError, JsValue};

use crate::batch::{Batch, encode_answers};
use crate::filter::FilterQuestion;
use crate::question::{OperationQuestion, Question};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("types.d.ts");

/// A policy in its compact form, ready to be asked.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Policy {
    inner: policy_core::Policy,
}

#[wasm_bindgen]
impl Policy {
    /// Loads the bytes that `countersign compile` wrote.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Policy, JsError> {
        Ok(Self {
            inner: compact::load(bytes)?,
        })
    }

    /// What would become of one statement on one row, and why.
    #[wasm_bindgen(unchecked_return_type = "Answer")]
    pub fn decide(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Question")] question: &JsValue,
    ) -> Result<JsValue, JsError> {
        let question: Question = serde_json::from_str(&written(question)?)?;
        read(&question.answer(&self.inner)?)
    }

    /// Whether a caller may do an operation on a resource, and why.
    #[wasm_bindgen(unchecked_return_type = "Answer")]
    pub fn can(
        &self,
        #[wasm_bindgen(unchecked_param_type = "OperationQuestion")] question: &JsValue,
    ) -> Result<JsValue, JsError> {
        let question: OperationQuestion = serde_json::from_str(&written(question)?)?;
        read(&question.answer(&self.inner)?)
    }

    /// Which rows a caller can reach with an action, as a filter for supabase-js or PostgREST.
    #[wasm_bindgen(unchecked_return_type = "Reach")]
    pub fn filter(
        &self,
        table: &str,
        #[wasm_bindgen(unchecked_param_type = "'select' | 'update' | 'delete'")] action: &str,
        #[wasm_bindgen(unchecked_param_type = "Caller | null")] caller: &JsValue,
    ) -> Result<JsValue, JsError> {
        let caller: serde_json::Value = if caller.is_undefined() {
            serde_json::Value::Null
        } else {
            serde_json::from_str(&written(caller)?)?
        };
        let question = serde_json::json!({ "table": table, "action": action, "caller": caller });
        let question: FilterQuestion = serde_json::from_value(question)?;
        read(&question.answer(&self.inner)?)
    }

    /// Decides a batch of the verifier.
    #[wasm_bindgen(js_name = decideBatch)]
    pub fn decide_batch(&self, bytes: &[u8]) -> Result<Vec<u8>, JsError> {
        Ok(encode_answers(&Batch::decode(bytes)?.decide(&self.inner))?)
    }
}

fn written(question: &JsValue) -> Result<String, JsError> {
    let text = JSON::stringify(question)
        .ok()
        .and_then(|text| text.as_string());
    text.ok_or_else(|| JsError::new("the question cannot be written as JSON"))
}

fn read(answer: &impl serde::Serialize) -> Result<JsValue, JsError> {
    JSON::parse(&serde_json::to_string(answer)?)
        .map_err(|_| JsError::new("the answer cannot be read as JSON"))
}
